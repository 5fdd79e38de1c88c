#!/bin/sh
# Starts a standby of the PostgreSQL at PRIMARY_HOST by the command in the arguments; where there are no data yet, it
# copies those of the primary first.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    pg_basebackup --host="$PRIMARY_HOST" --username="$PRIMARY_USER" --pgdata="$PGDATA" \
        --write-recovery-conf --checkpoint=fast
fi
exec "$@"
