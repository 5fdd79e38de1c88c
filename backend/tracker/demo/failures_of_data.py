"""Failures of databases, queues, jobs and what is stored in them."""

from tracker.demo.failure import Failure

REPLICA_LAG = Failure(
    titles=(
        "Stale reads on {endpoint}: {db} replica {minutes} min behind",
        "Replica {db}-r{digit} lags {seconds} s behind in {region}",
        "Replication slot on {db} retains {gb} GB of WAL",
        "{db}-r{digit} out of sync after failover in {region}",
    ),
    impact=(
        (
            "Reads from `{db}-r{digit}` are up to {seconds} s old. Users "
            "do not see what they have just saved on `{endpoint}`."
        ),
        "No user impact yet: traffic is off the replica. The primary keeps {gb} GB of WAL for it.",
    ),
    signals=("lag of `{db}-r{digit}` passes 10 s", "replica taken out of rotation", "lag below 1 s again"),
    cause=(
        (
            "A report ran for {minutes} minutes on the replica, and "
            "`max_standby_streaming_delay = -1` lets it hold back replay."
        ),
        "The `{job}` job rewrote {count} rows in one transaction; the replica replays that on a single core.",
    ),
    fix=("cancelled the report", "took the replica out of rotation until it had caught up"),
    next_steps=(
        "Give reports a replica of their own",
        "Make `{job}` commit every 5,000 rows",
        "Route reads to the primary for 5 s after a write",
    ),
    evidence=(
        "`select now() - pg_last_xact_replay_timestamp()` on `{db}-r{digit}`: {seconds} s, and growing.",
        "`pg_replication_slots` on the primary: the slot of `{db}-r{digit}` is {gb} GB behind.",
    ),
    question="Could we promote `{db}-r{digit}` if we had to?",
    answer="Not without losing what it has not replayed. The other replica is current.",
)

MIGRATION_LOCK = Failure(
    titles=(
        "ALTER TABLE {table} blocks writes on {db}",
        "Migration of {version} waits for a lock on {table}, {count} queries behind it",
        "Writes to {table} time out during migration {sha}",
        "Index build on {table} stalls {endpoint} in {region}",
        "Deploy of {version} stuck: backfill of {table} at {load}%",
    ),
    impact=(
        "Every write to `{table}` waited. `{endpoint}` answered {pct}% of requests with a timeout.",
        "The deploy of `{version}` hangs. Nothing is broken, but nothing else can be shipped either.",
    ),
    signals=(
        "migration starts",
        "{count} queries wait for a lock on `{table}`",
        "migration cancelled, queue drains in seconds",
    ),
    cause=(
        "The `ALTER` waited behind a `SELECT` of {minutes} minutes, and everything else waited behind the `ALTER`.",
        "`CREATE INDEX` without `CONCURRENTLY` in `{sha}`. The table has grown to {gb} GB since the review.",
    ),
    fix=(
        "killed the long `SELECT`; the migration went through in 40 ms",
        "cancelled the migration with `pg_cancel_backend`",
    ),
    next_steps=(
        "`SET lock_timeout = '2s'` in every migration, with retries",
        "Check migrations for locks in CI",
        "Run the backfill of `{table}` in batches at night",
    ),
    evidence=(
        "`pg_blocking_pids()` leads to the `ALTER`, and from there to a `SELECT` of {minutes} minutes.",
        "```\nERROR:  canceling statement due to statement timeout\n```\n{count} in the last minute.",
    ),
    question="Is it safe to cancel the migration?",
    answer="Yes, it is one transaction. It has changed nothing yet.",
)

SLOW_QUERY = Failure(
    titles=(
        "{endpoint} at {latency}: planner switched to a sequential scan on {table}",
        "Bloat of {table} at {load}%, autovacuum cannot keep up",
        "{db} at {load}% CPU, one query on {table}",
        "{table} lookups take {latency} for tenants with over {count} rows",
        "N+1 on {endpoint}: {mb} queries per request since {version}",
    ),
    impact=(
        "`{endpoint}` takes {latency} at p99 (usually 120 ms). {pct}% of requests time out.",
        "Large tenants wait {latency} for `{endpoint}`. Small ones do not notice.",
    ),
    signals=(
        "`{db}` at {load}% CPU",
        "one query takes {load}% of the time, says `pg_stat_statements`",
        "p99 back to normal",
    ),
    cause=(
        "Statistics of `{table}` were {days} days old. The planner expected 1 row and got {count}.",
        "`{version}` loads the line items one by one. It did not show with the ten rows of the test data.",
    ),
    fix=("ran `ANALYZE {table}`; the old plan came back at once", "shipped `{sha}` with a join"),
    next_steps=(
        "Lower `autovacuum_analyze_scale_factor` for `{table}`",
        "Assert the number of queries of `{endpoint}` in a test",
        "Index `({column})` on `{table}`",
    ),
    evidence=(
        "`EXPLAIN (ANALYZE)`: `Seq Scan on {table}`, 1 row expected, {count} found.",
        "The trace of one request has the same `SELECT` on `{table}` {mb} times.",
    ),
    question="Would a larger instance win us time?",
    answer="No. It is a single query, the rest of `{db}` is fine.",
)

DISK_FULL = Failure(
    titles=(
        "{db} read-only: volume at {load}% in {region}",
        "No space left on device on {db}-{digit} in {region}",
        "Disk of {pod} at {load}%: {gb} GB of logs",
        "/var on {pod} full, {job} cannot write its checkpoint",
        "WAL volume of {db} fills at {pool} GB/h",
    ),
    impact=(
        "`{db}` refuses writes; everything that reads still works. {pct}% of calls to `{endpoint}` fail.",
        "No user impact. At the present rate the volume is full in {hours} hours.",
    ),
    signals=("volume at {load}%", "`{pod}` stops writing", "{gb} GB freed"),
    cause=(
        "Log level `debug` was left on after the last incident: {pool} GB an hour.",
        "An abandoned replication slot kept {gb} GB of WAL. The consumer was switched off {days} days ago.",
    ),
    fix=(
        "rotated the logs and grew the volume by {gb} GB",
        "dropped the slot; {gb} GB came back",
    ),
    next_steps=(
        "Alert on *hours until full* instead of a percentage",
        "Set `max_slot_wal_keep_size`",
        "Let `debug` fall back to `info` by itself after an hour",
    ),
    evidence=(
        "`du -xsh /var/log` on `{pod}`: {gb} GB, nearly all of it `level=debug`.",
        "```\n slot_name | active | retained\n cdc_old   | f      | {gb} GB\n```",
    ),
    question="How long have we got?",
    answer="About {hours} hours at {pool} GB/h.",
)

QUEUE_BACKLOG = Failure(
    titles=(
        "{queue}: rebalance every {seconds} s, throughput down {load}%",
        "Consumers of {queue} in {region} {minutes} min behind",
        "{queue} backlog at {big} messages, oldest {minutes} min",
        "{big} {object}s stuck in {queue} since {clock}",
        "Dead-letter queue of {queue} grows by {count}/h",
    ),
    impact=(
        "{Object}s are processed {minutes} minutes late. {big} wait in `{queue}`; none is lost.",
        "Everything downstream of `{queue}` is {minutes} minutes behind in {region}.",
    ),
    signals=(
        "lag of `{queue}` passes {count}",
        "consumers restarted, no change",
        "backlog shrinks by {count} a minute",
    ),
    cause=(
        (
            "A consumer needs {latency} per batch since `{version}`, longer "
            "than `max.poll.interval.ms`; the group never settles."
        ),
        "The import of {third} put {big} messages into the queue that live traffic uses.",
    ),
    fix=(
        "halved `max.poll.records`",
        "scaled the consumers from 6 to 18",
        "moved the import to a queue of its own",
    ),
    next_steps=(
        "Scale consumers by lag, not by CPU",
        "Separate bulk from live traffic in `{queue}`",
        "Page on the age of the oldest message",
    ),
    evidence=(
        "`kafka-consumer-groups --describe`: `PreparingRebalance` every {seconds} s, for `{queue}` only.",
        "Nearly all that waits in `{queue}` has `source: {third}`.",
    ),
    question="Can we drop what is old?",
    answer="No, people wait for it. Nothing is lost, it is only late.",
)

POISON_MESSAGE = Failure(
    titles=(
        "Poison message blocks partition {digit} of {queue}",
        "{service} crash loop on one message in {queue} ({sha})",
        "{pod} restarts {tickets} times on offset {big}",
        "Schema of {queue} changed without notice, {count} messages rejected",
    ),
    impact=(
        "Partition {digit} of `{queue}` stands still: about {pct}% of {object}s. The others are fine.",
        "{count} messages are in the dead-letter queue and have to be replayed.",
    ),
    signals=(
        "`{pod}` restarts for the third time",
        "offset {big} found as the culprit",
        "replay of the dead letters done",
    ),
    cause=(
        (
            "A payload of {mb} MB exceeds `max.message.bytes` on the way back "
            "to the dead-letter queue, so it was retried for ever."
        ),
        "A producer sends `null` for `{column}` since `{version}`; the consumer asserts that it is there.",
    ),
    fix=("skipped the offset by hand", "taught the consumer to park what it cannot read"),
    next_steps=(
        "Check compatibility of schemas in the producer's CI",
        "Give up on a message after 5 attempts",
        "Replay the {count} parked messages",
    ),
    evidence=(
        "```\noffset={big} RecordTooLargeException: {mb} MB\n```\nThe same offset every time.",
        "`{pod}` logs `AssertionError: {column}` at offset {big} and restarts.",
    ),
    question="What do we lose if we skip it?",
    answer="One {object}, and that is saved in the dead-letter queue.",
)

CRON_OVERLAP = Failure(
    titles=(
        "{job} runs twice at {clock}, {count} {object}s processed twice",
        "Two copies of {job} overlap since the run takes {hours} h",
        "{job} did not run for {days} days and nobody noticed",
        "{table} is {days} days old: {job} ends without doing anything",
        "Nightly {job} still running at {clock}, slows {endpoint}",
        "{job} takes {hours} h by now and delays the jobs behind it",
    ),
    impact=(
        "{count} {object}s were processed twice. Those affected have been told.",
        "The data of `{table}` is {days} days old. Dashboards show it without saying so.",
        "`{endpoint}` is slower ({latency}) while the job runs into business hours.",
    ),
    signals=(
        "run of `{job}` starts",
        "numbers of `{table}` do not add up",
        "lock and process list checked",
    ),
    cause=(
        "The run needs {hours} h by now, the schedule says every hour, and `concurrencyPolicy` is `Allow`.",
        (
            "A run was killed {days} days ago and left its lock behind. Every "
            "run since then found the lock and ended with success."
        ),
        "The run reads all of `{table}` each time, and that has doubled since spring.",
    ),
    fix=(
        "killed the second run and set `concurrencyPolicy: Forbid`",
        "removed the lock and ran `{job}` by hand",
        "stopped the run and restricted it to {days} days",
    ),
    next_steps=(
        "Hold an advisory lock for as long as `{job}` runs",
        "Alert when the last success is older than {hours} h",
        "Schedule everything in UTC",
    ),
    evidence=(
        "`kubectl get jobs` shows two of `{job}`, both active.",
        "The lock of `{job}` is {days} days old. The pod that took it is gone.",
        "`{job}` has been reading `{table}` from the start for {hours} h.",
    ),
    question="Who has to know?",
    answer="Finance and support. I have told both.",
    worst=2,
)

INDEX_DRIFT = Failure(
    titles=(
        "Search misses items created after {clock}",
        "{count} deleted items still found in {region}",
        "Reindex of {table} stuck at {load}% for {hours} h",
        'Search results for "{term}" empty since {version}',
        "Shard {digit} of the search index unassigned, {pct}% of results missing",
    ),
    impact=(
        "About {count} items cannot be found by search. Direct links work.",
        "Search for {pct}% of the catalogue is {hours} hours behind.",
    ),
    signals=(
        "difference between `{table}` and the index at {count}",
        "reindex started",
        "difference below 10",
    ),
    cause=(
        "The change feed stopped at an item without `{column}` and was never restarted.",
        "`{version}` changed the analyser without a new index: old and new tokens no longer meet.",
    ),
    fix=("restarted the feed from {clock}", "rebuilt the index beside the old one and swapped the alias"),
    next_steps=(
        "Compare counts every 10 minutes and alert on the difference",
        "Rehearse the full rebuild, it takes {hours} h",
    ),
    evidence=(
        "Last line of the feed, from {clock}: `KeyError: '{column}'`. Nothing since.",
        '`_analyze` gives other tokens for "{term}" than it did before `{version}`.',
    ),
    question="Do direct links still work?",
    answer="Yes, it is only search.",
    worst=2,
)

WRONG_NUMBERS = Failure(
    titles=(
        "{job} report counts {pct}% of revenue twice",
        "Totals of {table} off by {small}% since {version}",
        "{job} and the ledger differ by {small}% in {region}",
        "Rounding: {count} {object}s off by one cent",
        "VAT off by a cent on {tickets} {object}s in {region}",
    ),
    impact=(
        "Reports since {version} are off by {small}%. Nothing that a customer pays is affected.",
        "{count} {object}s are off by a cent. Finance wants them corrected before the end of the month.",
    ),
    signals=("finance asks about a difference of {small}%", "difference reproduced in `{table}`"),
    cause=(
        "The join on `{column}` is no longer unique since `{version}`, which doubles some rows.",
        "`{sha}` rounds each line and then the sum; the invoice rounds only the sum.",
    ),
    fix=("corrected the query and recomputed {days} days", "recomputed `{table}` from the raw events"),
    next_steps=(
        "Assert that `{column}` is unique before the join",
        "Compare the total with the ledger every night",
    ),
    evidence=(
        "`select {column} from {table} group by 1 having count(*) > 1` finds {count}.",
        "`git bisect` ends at `{sha}`.",
    ),
    question="Since when?",
    answer="Since `{version}`. Everything before that adds up.",
    worst=3,
)
