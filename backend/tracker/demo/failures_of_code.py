"""Failures that a change of code, configuration or traffic brings."""

from tracker.demo.failure import Failure

BAD_DEPLOY = Failure(
    titles=(
        "{version} drops the {header} header, {peer} rejects {pct}% of calls",
        "{endpoint} returns 500 for {pct}% of requests since {version}",
        "Error rate {pct}% on {endpoint} after {version} rollout in {region}",
        "Roll back {version}: null dereference in {endpoint} ({region})",
        "{endpoint} p99 went to {latency} with {version}",
    ),
    impact=(
        "{pct}% of requests to `{endpoint}` failed with a 500 in {region}. Retries hid part of it from users.",
        (
            "Calls to `{endpoint}` failed for {pct}% of users in {region}; "
            "everyone else saw about {latency} of extra latency."
        ),
    ),
    signals=(
        "`{version}` reaches 100% in {region}",
        "error rate of `{endpoint}` passes {pct}%",
        "first ticket from support",
    ),
    cause=(
        "`{version}` assumed that `{header}` is always present. Clients older than {days} days do not send it.",
        (
            "A refactoring in `{sha}` moved the null check below the first "
            "use. The canary had no traffic that takes this path."
        ),
    ),
    fix=(
        "rolled back to the previous release",
        "rolled back {region}, then everywhere",
        "fixed the check and rolled forward",
    ),
    next_steps=(
        "Send canary traffic through `{endpoint}` without `{header}`",
        "Stop the rollout by itself when the error rate passes 1%",
        "Add the failing request to the contract tests with {peer}",
    ),
    evidence=(
        "`curl` without `{header}` fails every time, with it never.",
        "```\n500 {endpoint}\nNullPointerException\n```\nOnly on pods with `{version}`.",
    ),
    question="Can we roll back, or is there a migration in `{version}`?",
    answer="No migration. Rolling back is safe.",
)

FLAG_MISFIRE = Failure(
    titles=(
        "Flag {flag} on for everyone instead of {small}%",
        "Half-finished {feature} visible to {count} customers (flag {flag})",
        "{flag} enabled in {region} before the backend was there",
        "{flag} evaluates to its default in {region} after {version}",
    ),
    impact=(
        (
            "About {count} customers saw the unfinished {feature}. "
            "Nothing was written, but support had {tickets} tickets."
        ),
        (
            "With `{flag}` on, `{endpoint}` called a backend that is not "
            "deployed in {region}, and {pct}% of calls failed."
        ),
    ),
    signals=("`{flag}` changed in the console", "screenshots of the new {feature} in #support"),
    cause=(
        "The rule said `country in [...]` and the list was empty, which the SDK reads as *everyone*.",
        "Staging and production share the segment of `{flag}`; the change was meant for staging.",
    ),
    fix=("turned `{flag}` off", "set `{flag}` back to {small}% and cleared the CDN"),
    next_steps=(
        "Refuse an empty list in a targeting rule",
        "Ask for a second pair of eyes above 10% in production",
        "Remove `{flag}` once the {feature} is out",
    ),
    evidence=(
        "The rule of `{flag}` in the console: `country in []`.",
        "The audit log has one change of `{flag}` today, made for staging.",
    ),
    question="Is it safe to switch it off?",
    answer="Yes, all that `{flag}` guards still has its old path.",
    worst=2,
)

MEMORY_LEAK = Failure(
    titles=(
        "{service} pods OOMKilled every {minutes} min in {region}",
        "OOM on {pod}: {count} sockets never closed",
        "Memory leak in {version}: {pod} killed at {digit} GB",
        "Heap grows by {mb} MB/h since {version}, restarts every {hours} h",
        "RSS of {service} at {load}% of the limit and rising ({region})",
    ),
    impact=(
        (
            "Pods restart every {minutes} minutes. Each restart drops the "
            "requests in flight: about {tickets} errors a time."
        ),
        "No user impact so far. At {mb} MB/h the pods reach their limit in {hours} hours.",
    ),
    signals=(
        "`container_memory_working_set_bytes` passes the warning line",
        "`{pod}` OOMKilled",
        "heap profile taken from `{pod}`",
    ),
    cause=(
        "The client for {peer} is made per request since `{sha}`, and its connection pool is never closed.",
        "An unbounded `lru_cache` on a method keyed by request id: {digit} GB of entries that nobody asks for twice.",
    ),
    fix=(
        "raised the limit to {digit} GB to win time, then shipped a client that is made once",
        "restarted the pods one by one and rolled back to the release before `{version}`",
    ),
    next_steps=(
        "Alert on the slope of memory, not only on its level",
        "Run the soak test for {hours} h before a release",
        "Lint against caches without a bound",
    ),
    evidence=(
        "`ss -tn | wc -l` in `{pod}`: {count}, nearly all towards {peer}.",
        "Heap of `{pod}`: {digit} GB below one `lru_cache`.",
    ),
    question="Does a restart help?",
    answer="For {hours} hours or so. Restarting them one by one.",
    worst=2,
)

POOL_EXHAUSTED = Failure(
    titles=(
        "Leaked transactions hold {pool} connections to {db}",
        "Connection pool to {db} exhausted, {endpoint} times out after {latency}",
        "QueuePool limit of size {pool} overflow 10 reached on {pod}",
        "{service}: {count} requests wait for a connection to {db} in {region}",
        "{endpoint} p99 at {latency}: all {pool} connections to {db} busy",
    ),
    impact=(
        "`{endpoint}` answered {pct}% of requests with 503 while {count} of them waited for a connection.",
        "p99 of `{endpoint}` went from 180 ms to {latency}. {pct}% of the calls gave up before that.",
    ),
    signals=(
        "`pool_checked_out` flat at {pool}",
        "{count} requests in the queue of `{pod}`",
        "`idle in transaction` for {minutes} min on `{db}`",
    ),
    cause=(
        (
            "`{endpoint}` calls {peer} while it holds a transaction. {peer} "
            "slowed to {latency}, and so the pool of {pool} ran dry."
        ),
        (
            "The retry in `{sha}` takes a second connection before it gives "
            "the first one back: a deadlock with the pool itself."
        ),
    ),
    fix=(
        "ended the idle transactions with `pg_terminate_backend`, pool back within a minute",
        "cut the timeout towards {peer} to 800 ms",
        "doubled the pool for now and stopped the retry from taking a second one",
    ),
    next_steps=(
        "Call {peer} outside of the transaction",
        "Set `idle_in_transaction_session_timeout` to 15 s on `{db}`",
        "Put the time waited for a connection on the dashboard",
    ),
    evidence=(
        "`pg_stat_activity` on `{db}`: {pool} sessions, all `idle in transaction`.",
        "```\nTimeoutError: QueuePool limit of size {pool} overflow 10 reached\n```\nNot only on `{pod}`.",
    ),
    question="Is `{db}` itself in trouble?",
    answer="No, it has nothing to do. It waits for us.",
)

CACHE_STAMPEDE = Failure(
    titles=(
        "All keys of {service} expire at the same second, {db} at {load}% CPU",
        "Cache stampede on {db} after flush: {count} queries/s",
        "{endpoint} cold after cache failover in {region}, p99 {latency}",
        "Hit rate of the {service} cache fell to {tickets}% in {region}",
        "Evictions at {count}/s since {version}: cache entries grew to {mb} KB",
    ),
    impact=(
        "`{db}` ran at {load}% CPU for {minutes} minutes and `{endpoint}` took {latency} at p99.",
        "{pct}% of page views in {region} waited more than 3 s; no errors.",
    ),
    signals=("cache hit rate falls below 40%", "`{db}` at {load}% CPU", "hit rate back above 90%"),
    cause=(
        "The warm-up writes all keys with the same TTL of {minutes} minutes, so they also expire together.",
        (
            "`{version}` changed the key prefix. Every entry was a miss, and "
            "nothing stops {count} workers from computing the same one."
        ),
    ),
    fix=(
        "let one request in ten through until the cache was warm",
        "warmed the {count} hottest keys by hand",
    ),
    next_steps=(
        "Add ±10% of jitter to every TTL",
        "One computation per key: put `singleflight` in front of `{db}`",
        "Version the prefix in a way that keeps the old entries readable",
    ),
    evidence=(
        "`redis-cli TTL` answers the same for every key that I try.",
        "`keyspace_misses` went up with `{version}`. The new keys have another prefix.",
    ),
    question="Can `{db}` take this until the cache is warm?",
    answer="At {load}% CPU, just about.",
)

IDEMPOTENCY = Failure(
    titles=(
        "{tickets} {object}s made twice in {region} after retries of {endpoint}",
        "Duplicate {object} created when a client retries {endpoint}",
        "{count} {object}s processed twice after a timeout from {third}",
        "Retries of {endpoint} ignore the idempotency key since {version}",
    ),
    impact=(
        "{tickets} customers have a duplicate {object}. Finance has the list; refunds are on the way.",
        "{count} requests to `{endpoint}` ran twice. The second run is visible to customers in {tickets} cases.",
    ),
    signals=(
        "reconciliation finds {tickets} more {object}s than expected",
        "first complaint about a double {object}",
        "retries switched off at the gateway",
    ),
    cause=(
        (
            "{third} answered after {latency}; our timeout is shorter. The retry "
            "made a new key because `{sha}` derives it from the time."
        ),
        (
            "The key is stored after the call to {third} and not before. "
            "Two requests {latency} apart both found nothing."
        ),
    ),
    fix=(
        "switched off automatic retries for `{endpoint}`",
        "made the key come from the client",
    ),
    next_steps=(
        "Store the key in the same transaction as the {object}",
        "Refund all {tickets} and write to them",
        "Test with a fake {third} that answers after the timeout",
    ),
    evidence=(
        "Two rows for one {object}, {latency} apart, and their keys differ.",
        "`grep` for one of the keys: two requests to `{endpoint}`, and both say `key not found`.",
    ),
    question="Have the customers been told?",
    answer="Support is writing to all {tickets} of them.",
)

BROWSER = Failure(
    titles=(
        "Blank page on {browser} after {version}: {jserror}",
        "{jserror} on {page} for {pct}% of sessions ({browser})",
        "{browser}: the button on {page} does nothing",
        "Largest paint on {page} went from 1.9 s to {latency} with {version}",
        "Keyboard focus is lost on {page} in {browser}",
    ),
    impact=(
        "{pct}% of sessions, all of them on {browser}, cannot use {page}.",
        "Conversion on {page} is {small}% lower than a week ago. Only {browser} is affected.",
    ),
    signals=("`{jserror}` enters the top five of errors", "support can reproduce it on {browser}"),
    cause=(
        (
            "`{sha}` uses `Array.prototype.at`, and the polyfill fell out "
            "of the bundle with the last upgrade of the build."
        ),
        "A third-party script on {page} overwrites `window.fetch` and does not understand an aborted request.",
    ),
    fix=("rolled back to the previous bundle", "shipped the polyfill in `{version}`"),
    next_steps=(
        "Add {browser} to the browsers of the end-to-end tests",
        "Report errors per browser, not only in total",
    ),
    evidence=(
        "Console on {browser}:\n\n```\n{jserror}\n```",
        "With third-party scripts blocked, {page} works on {browser}.",
    ),
    question="Does it help to reload?",
    answer="No, nor does a private window.",
    worst=2,
)

AUTH_KEYS = Failure(
    titles=(
        "Signature check fails for {pct}% of tokens after key rotation",
        "kid not found on {endpoint} since the rotation in {region}",
        "401 on {endpoint}: {pod} still has the old JWKS",
        "Users in {region} signed out every {minutes} min",
        "Refresh tokens rejected for {count} sessions after {version}",
    ),
    impact=(
        "{pct}% of calls were answered with 401. Apps signed their users out and could not sign them in again.",
        "About {count} sessions in {region} were ended. People could sign in again at once.",
    ),
    signals=(
        "new key published",
        "401s on `{endpoint}` rise to {pct}%",
        "`{pod}` still serves the old key set",
    ),
    cause=(
        "The key set is cached for {hours} h, but the new key was used {minutes} minutes after it was published.",
        "`{version}` reads the key set once, at the start. Pods older than the rotation never learned the new `kid`.",
    ),
    fix=(
        "went back to signing with the old key",
        "restarted every consumer of the key set, region by region",
    ),
    next_steps=(
        "Publish a key at least two cache lifetimes before it signs",
        "Fetch the key set again on an unknown `kid`, at most once a minute",
        "Rehearse the rotation every month",
    ),
    evidence=(
        "`jq .keys[].kid` of the JWKS: `{pod}` has one key, the others have two.",
        "Pods from after the rotation are fine. `{pod}` is older.",
    ),
    question="Do we have to sign everybody out?",
    answer="No, the tokens are good. It is the check that is wrong.",
)

CLOCK_SKEW = Failure(
    titles=(
        'Clock of {pod} {seconds} s ahead, tokens "not yet valid"',
        "NTP stopped on {count_small} nodes in {region}, skew up to {seconds} s",
        "Signed requests to {third} refused: timestamp {seconds} s off",
        "Events of {service} out of order, {seconds} s skew on {pod}",
    ),
    impact=(
        "{pct}% of the requests that reach `{pod}` fail with `token used before issued`.",
        "Ordering by time is wrong for events written in {region}. No data is lost.",
    ),
    signals=("`node_timex_offset_seconds` at {seconds}", "failures all come from `{pod}`"),
    cause=(
        "`chronyd` gave up after the NTP servers of {region} changed their addresses; nothing restarts it.",
        "The node image of last week left out `chrony`. New nodes drift by about a second an hour.",
    ),
    fix=("drained the node and stepped its clock", "rolled the {count_small} nodes with the fixed image"),
    next_steps=("Alert when the offset passes 100 ms", "Accept 30 s of skew when tokens are checked"),
    evidence=(
        "`chronyc tracking` on that node: `Not synchronised`, {seconds} s off.",
        "`chronyc` on a new node: `command not found`.",
    ),
    question="One node, or all of them?",
    answer="{count_small} that I have found.",
    worst=2,
)

LIMITED = Failure(
    titles=(
        "{third} answers 429 for {pct}% of calls in {region}",
        "Rate limit of {third} reached by the {job} job",
        "Quota of {count} calls/h at {third} used up by {clock}",
        "{third} degraded: {endpoint} takes {latency}",
        "Timeouts towards {third} from {region}, {count} {object}s pending",
    ),
    impact=(
        "{pct}% of calls to {third} were refused. {count} {object}s are delayed, none is lost.",
        (
            "`{endpoint}` waits for {third} and takes {latency}. Users "
            "see the spinner and try again, which makes it worse."
        ),
    ),
    signals=(
        "429s from {third} begin",
        "{third} shows *degraded* on its status page",
        "breaker opens, fallback takes over",
    ),
    cause=(
        "The backfill of `{job}` shares its credentials with live traffic and used up the quota by {clock}.",
        "{third} had trouble of its own, and our timeout of 30 s is longer than anybody waits.",
    ),
    fix=(
        "paused `{job}`; the quota came back at the full hour",
        "moved {region} over to the second provider",
    ),
    next_steps=(
        "Own credentials, with their own quota, for `{job}`",
        "Respect `Retry-After` instead of retrying at once",
        "Route mail from {third} to the team's list",
    ),
    evidence=(
        "```\n429 Too Many Requests\nX-RateLimit-Remaining: 0\n```\nFrom {third}, since {clock}.",
        "{third} takes {latency} from my laptop too, so it is not our network.",
    ),
    question="Whom do we know at {third}?",
    answer="Their support has a ticket from us, marked urgent.",
)

WEBHOOKS = Failure(
    titles=(
        "Webhooks to {count} merchants delayed by {minutes} min",
        "One merchant's endpoint holds {pct}% of the webhook workers",
        "Webhook signatures invalid after {version}",
        "{third} callbacks answered with 502 in {region}",
    ),
    impact=(
        "Webhooks arrive {minutes} minutes late for {count} merchants. None is lost; all are retried for 3 days.",
        "{pct}% of the deliveries failed on the first attempt.",
    ),
    signals=("oldest undelivered webhook is {minutes} min old", "{pct}% of the workers wait for one host"),
    cause=(
        (
            "One endpoint answers after {latency}, and there is no limit "
            "per host: it ended up with {pct}% of the workers."
        ),
        "`{sha}` signs the parsed body and not the raw bytes; key order differs for about one payload in ten.",
    ),
    fix=("gave the slow host a queue of its own", "rolled back the signing change and delivered again"),
    next_steps=(
        "At most 5 deliveries at once per host",
        "Sign the bytes that are sent",
        "Show delivery delay to merchants",
    ),
    evidence=(
        "`py-spy dump` of three workers: all wait in `recv`, for the same host.",
        "Signed by hand over the raw bytes, the same payload is accepted.",
    ),
    question="Will everything arrive in the end?",
    answer="Yes, we retry for 3 days.",
    worst=2,
)
