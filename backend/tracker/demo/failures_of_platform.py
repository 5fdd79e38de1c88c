"""Failures of networks, certificates, clusters and the tools that watch them."""

from tracker.demo.failure import Failure

CERTIFICATE = Failure(
    titles=(
        "Certificate of {host} expired",
        "Renewal of the {host} certificate failed for {days} days, expired at {clock}",
        "{host} serves the old certificate from {count_small} of 12 edges",
        "mTLS from {service} to {peer} fails: intermediate expired in {region}",
        "x509: certificate has expired on {pod}",
    ),
    impact=(
        "Clients refuse to connect to `{host}`. Browsers show a full-page warning.",
        "Calls from {service} to {peer} fail in {region}: {pct}% of its traffic.",
    ),
    signals=("first `x509` error", "renewal found failing for {days} days", "new certificate on all edges"),
    cause=(
        (
            "The ACME challenge for `{host}` has been failing for {days} days, since "
            "the DNS zone was moved. The alert went to a list without members."
        ),
        "The certificate was renewed, but `{pod}` reads it only when it starts.",
    ),
    fix=("issued a certificate by hand and reloaded the edges", "restarted the pods to pick up the new one"),
    next_steps=(
        "Alert 21, 14 and 7 days before the end, from outside",
        "Reload certificates without a restart",
        "List every certificate that is not renewed by itself",
    ),
    evidence=(
        "`openssl s_client -connect {host}:443 | openssl x509 -noout -dates`: `notAfter` was at {clock}.",
        "The file on disk is the new one. `{pod}` still has the old one in memory.",
    ),
    question="Is it only this one?",
    answer="I have checked the others: none ends within {days} days.",
)

DNS = Failure(
    titles=(
        "CoreDNS in {region} answers SERVFAIL for {pct}% of lookups",
        "Lookups of {peer} take {latency} from {pod} (ndots:5)",
        "Resolver {digit} in {region} drops UDP above 512 bytes",
        "{host} does not resolve in {region}",
        "Stale record for {host} after the move, TTL {hours} h",
    ),
    impact=(
        "{pct}% of lookups fail in {region}. Services with a connection open go on, new ones cannot start.",
        "New connections to `{host}` fail from {region}; those that are open go on.",
    ),
    signals=("SERVFAIL rate at {pct}%", "`{host}` fails from {region} only", "resolvers restarted"),
    cause=(
        "The resolvers hit the limit of {count} packets/s per interface of the provider.",
        "`{host}` was removed from the zone as *unused*. The check looked at {days} days of logs from one region.",
    ),
    fix=(
        "doubled the resolvers and set `ndots:2`",
        "put the record back and waited for the TTL",
    ),
    next_steps=(
        "Run a cache for DNS on every node",
        "Review deletions in the zone like code",
        "Lower the TTL a day before a move",
    ),
    evidence=(
        "`dig {host}` from `{pod}`: `SERVFAIL`, about one time in three.",
        "`dig +trace {host}`: `NXDOMAIN`, from our own name servers.",
    ),
    question="Could we put it into `/etc/hosts`?",
    answer="For a pod or two. Better not.",
)

CDN = Failure(
    titles=(
        "Origin traffic {times}x: CDN ignores query strings on {endpoint}",
        "Hit rate of {endpoint} down to {tickets}% at the {region} edge",
        "Cache-Control: no-store lost since {version}, {count} stale responses",
        "CDN caches {endpoint} with Set-Cookie ({region})",
        "No CSS on {page} in {region} after the purge",
        "Old HTML without its assets at the {region} edge, {pct}% of visitors",
    ),
    impact=(
        "Origin load rose {times} times. `{endpoint}` took {latency} at p99.",
        "Up to {count} responses were cached that should not have been. None held personal data.",
        "{pct}% of visitors in {region} got {page} without styles.",
    ),
    signals=(
        "configuration of the edge changed",
        "origin requests {times}x above normal",
        "purge of {region} complete",
    ),
    cause=(
        (
            "The new rule matches `/*` before the more exact one. The "
            "order in the console is not the order of evaluation."
        ),
        "HTML was purged and the assets were not; the old HTML points to files that the deploy had deleted.",
    ),
    fix=(
        "went back to the previous configuration of the edge",
        "purged {region} and put the old assets back",
    ),
    next_steps=(
        "Keep the assets of the last five releases",
        "Test the edge rules with recorded requests",
        "Roll out edge configuration to one location first",
    ),
    evidence=(
        "`curl -sI` on `{endpoint}` with another query string: `X-Cache: HIT`.",
        "The HTML at the edge asks for the assets of the last release. They are a 404.",
    ),
    question="Can we purge everything?",
    answer="Region by region, or the origin falls over.",
)

PODS = Failure(
    titles=(
        "{service}: {count_small} pods Pending in {region}, no capacity",
        "Autoscaler of {service} flaps between 4 and {pool} replicas",
        "Node upgrade in {region} drains all replicas of {service} at once",
        "{pod} in CrashLoopBackOff: readiness probe times out at {latency}",
        "Spot capacity in {region} reclaimed, {service} at {load}% CPU",
        "ImagePullBackOff for {service} {version} in {region}",
    ),
    impact=(
        "{service} runs with half of its replicas. `{endpoint}` is slow ({latency}) but answers.",
        "{pct}% of requests were refused for {minutes} minutes while no replica was ready.",
    ),
    signals=("{count_small} pods pending", "`{pod}` fails its readiness probe", "all replicas ready"),
    cause=(
        "No `PodDisruptionBudget` on {service}: the upgrade was free to drain every node at the same time.",
        "The readiness probe calls {peer}. When {peer} is slow, all replicas leave the load balancer together.",
    ),
    fix=("cordoned the nodes and brought the replicas back", "moved {service} to on-demand nodes"),
    next_steps=(
        "Add a `PodDisruptionBudget` with `minAvailable: 60%`",
        "Readiness must not depend on {peer}",
        "Keep {pool}% of spare capacity in {region}",
    ),
    evidence=(
        "`kubectl get pdb` finds none for {service}.",
        "```\nReadiness probe failed: context deadline exceeded\n```\nOn `{pod}`, whenever {peer} is slow.",
    ),
    question="One zone, or all of {region}?",
    answer="All of it.",
)

NETWORK = Failure(
    titles=(
        "NAT gateway in {region} out of ports, {third} unreachable",
        "{count} connections to {third} from one NAT address in {region}",
        "TLS handshakes to {peer} take {latency} from {region}",
        "{small}% packet loss between {region} and {db}",
        "One availability zone of {region} unreachable for {service}",
    ),
    impact=(
        "{pct}% of calls from {region} fail or take more than {latency}. Other regions are healthy.",
        "{service} retries through the other zones; users see {latency} instead of 200 ms.",
    ),
    signals=(
        "retransmits in {region} at {small}%",
        "provider confirms a problem in {region}",
        "traffic moved away",
    ),
    cause=(
        "{count} connections to one address of {third} used up the ports of the NAT gateway.",
        "A faulty line card at the provider. Only flows whose hash ends on it lose packets, hence the odd pattern.",
    ),
    fix=(
        "added {digit} addresses to the NAT gateway",
        "moved traffic out of the zone",
    ),
    next_steps=(
        "Reuse connections to {third}",
        "Practise leaving a zone every quarter",
        "Set our idle timeout below that of the load balancer",
    ),
    evidence=(
        "`ErrorPortAllocation` in {region} is above zero for the first time.",
        "`mtr` from {region}: {small}% loss at the fourth hop. None from elsewhere.",
    ),
    question="Anything from the provider?",
    answer="Nothing on their status page. Our ticket is open.",
)

SECRETS = Failure(
    titles=(
        "Password of {db} rotated, {service} in {region} still uses the old one",
        "{service} cannot read its secrets: vault sealed in {region}",
        "API key for {third} expired",
        "permission denied for table {table} after role clean-up",
        "IAM change in {region} takes {job} its access to the bucket",
    ),
    impact=(
        (
            "{service} could not open new connections to `{db}`; {pct}% "
            "of requests failed until the pods were restarted."
        ),
        "`{job}` fails with *access denied*. Its last good run is {hours} hours old.",
    ),
    signals=("credentials changed", "`authentication failed` on `{pod}`", "connections come back"),
    cause=(
        (
            "The rotation ended the old password at once. Pods read it only "
            "when they start, so those older than the change failed."
        ),
        "The role was removed as *not used for 90 days*. It is used once a quarter.",
    ),
    fix=(
        "restored the old credentials beside the new ones",
        "gave the role its grant back and restarted the pods",
    ),
    next_steps=(
        "Keep two valid passwords during a rotation",
        "Try removals in *audit only* for one quarter first",
        "Read secrets again when authentication fails",
    ),
    evidence=(
        "```\nFATAL:  password authentication failed\n```\nOnly on pods from before the change, such as `{pod}`.",
        "`{job}` gets `AccessDenied` at its first call.",
    ),
    question="Can we have the old state back for today?",
    answer="Yes, security agrees.",
)

CONFIG = Failure(
    titles=(
        "Typo in the {region} config of {service}: timeout of {seconds} ms instead of s",
        "Environment of {pod} misses {setting} after {version}",
        "{service} in {region} talks to the staging {peer}",
        "Helm values for {region} overwritten by {version}",
        "Limit of {endpoint} set to {pool} req/min, {count} customers throttled",
    ),
    impact=(
        "{pct}% of calls from {service} in {region} were cut off too early.",
        "{count} customers were told *too many requests* although they had sent few.",
    ),
    signals=("config change merged", "timeouts towards {peer} at {pct}%", "config reverted"),
    cause=(
        "`{setting}` is read as milliseconds, and the other regions set it in seconds. The schema allows both.",
        "A merge conflict in the values of {region} was resolved with the wrong side.",
    ),
    fix=("reverted `{sha}`", "corrected `{setting}` and restarted {region}"),
    next_steps=(
        "Put the unit into the name of `{setting}`",
        "Validate values against a schema in CI",
        "Show the difference to the other regions in the review",
    ),
    evidence=(
        "`diff` between {region} and the other regions: `{setting}`, nothing else.",
        "`{sha}` is a merge, and it dropped our side.",
    ),
    question="Who can approve a change at this hour?",
    answer="I can. Send me the diff.",
)

MONITORING = Failure(
    titles=(
        "Alert on {endpoint} flaps, {tickets} pages in one night",
        "Health check of {service} in {region} says OK while {peer} is down",
        "No metrics from {pod} since {clock}",
        "Dashboard of {service} empty in {region} since {version}",
    ),
    impact=(
        "No user impact. On call was woken {tickets} times for nothing.",
        "Nobody was paged while {peer} was down for {minutes} minutes.",
        "We are blind on `{pod}`: no metrics since {clock}.",
        "We are blind for {service} in {region}. Users notice nothing.",
    ),
    signals=(
        "found in the weekly review of alerts",
        "reproduced on `{pod}`",
    ),
    cause=(
        "The threshold of {latency} lies right at the normal p99 of `{endpoint}`.",
        "The check only proves that the process answers; it never calls {peer}.",
        "The scrape target is found by its annotation, and `{sha}` removed that.",
        "`{version}` renamed the label `app` to `service`; dashboards and alerts still ask for `app`.",
    ),
    fix=(
        "changed the alert to a burn rate over an hour",
        "made the check report what it depends on",
        "put the annotation back",
        "put the old label back beside the new one",
    ),
    next_steps=("Alert when a series disappears", "Review the ten noisiest alerts every month"),
    evidence=(
        "p99 of `{endpoint}` crosses {latency} a few times a day. It always has.",
        "`/healthz` with {peer} stopped: `200 OK`.",
        "`{pod}` is not among the targets. Asked directly, it answers.",
        "The series are there, labelled `service` instead of `app`.",
    ),
    question="Has any customer noticed?",
    answer="No, we found it ourselves.",
    worst=3,
)
