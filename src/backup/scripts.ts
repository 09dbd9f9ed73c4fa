/**
 * What is done beside the database: POSIX sh with psql, pg_dump and pg_restore of the server's own version. Names of
 * databases come by the environment and are made by us; passwords are in no argument list.
 */

/** Ours by the image's own variables; the user's by its URL, percent-encoding undone, as libpq would read it. */
export const CONNECT = `set -eu
decode() {
  v=$1 out=
  while case $v in *%[0-9A-Fa-f][0-9A-Fa-f]*) : ;; *) false ;; esac; do
    out=$out\${v%%%*} v=\${v#*%}
    out=$out$(printf "\\\\$(printf %o "0x\${v%"\${v#??}"}")") v=\${v#??}
  done
  printf %s "$out$v"
}
if [ -n "\${GLITCHTIP_DATABASE_URL_FILE:-}" ]; then
  url=$(cat "$GLITCHTIP_DATABASE_URL_FILE")
  rest=\${url#*://} query=
  case $rest in *\\?*) query=\${rest#*\\?} rest=\${rest%%\\?*} ;; esac
  case $rest in */*) PGDATABASE=$(decode "\${rest#*/}") rest=\${rest%%/*} ;; esac
  case $rest in *@*) user=\${rest%@*} rest=\${rest##*@}
    case $user in *:*) PGPASSWORD=$(decode "\${user#*:}") && export PGPASSWORD && user=\${user%%:*} ;; esac
    PGUSER=$(decode "$user") ;; esac
  case $rest in *:*) PGPORT=\${rest##*:} rest=\${rest%:*} ;; esac
  PGHOST=$rest
  case $query in *sslmode=*) PGSSLMODE=\${query#*sslmode=} && export PGSSLMODE="\${PGSSLMODE%%&*}" ;; esac
  export PGHOST PGPORT="\${PGPORT:-5432}" PGUSER PGDATABASE="\${PGDATABASE:-$PGUSER}"
else
  PGUSER=\${POSTGRES_USER:-postgres} PGDATABASE=\${POSTGRES_DB:-$PGUSER}
  if [ -n "\${POSTGRES_PASSWORD_FILE:-}" ]; then PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); else PGPASSWORD=\${POSTGRES_PASSWORD:-}; fi
  export PGUSER PGPASSWORD PGDATABASE
fi
export PGCONNECT_TIMEOUT=10 PGOPTIONS='-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c client_min_messages=warning -c statement_timeout=0 -c lock_timeout=0'
main=$PGDATABASE
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
`;

/** One line a fact and a table. Rows are summed by their text, so that their order does not matter. */
const FACTS = `
SELECT 'server ' || current_setting('server_version_num');
SELECT 'bytes ' || pg_database_size(current_database());
SELECT 'system ' || CASE WHEN has_function_privilege('pg_control_system()', 'execute')
  THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END;
SELECT format('SELECT %L || count(*) || '' '' || %s FROM %I.%I AS "_gtc"', 'table ' || n.nspname || '.' || c.relname || ' ',
  CASE WHEN pg_relation_size(c.oid) < 67108864
    THEN $$coalesce(sum(('x' || substr(md5(("_gtc".*)::text), 1, 15))::bit(60)::bigint), 0)::text$$ ELSE $$''$$ END,
  n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
\\gexec
`;

/** Facts alone, of $DATABASE or the main one. */
export const FACTS_SCRIPT = `${CONNECT}sql -d "\${DATABASE:-$main}" -f - <<'SQL'${FACTS}SQL
`;

/** The dump on stdout, facts of the same moment on stderr: the session that counts holds the snapshot open. */
export const DUMP_SCRIPT = `${CONNECT}sql -f - <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\o | cat >&2${FACTS}\\o
\\! pg_dump --format=custom --no-password --snapshot="$SNAPSHOT"; echo "pg_dump $?" >&2
SQL
`;

const MAKE = `
maintenance=postgres
sql -d postgres -c 'SELECT 1' >/dev/null 2>&1 || maintenance=template1
`;

/** Whether a second database of this size can be made: the right, and the room in KiB where it can be seen. */
export const ROOM_SCRIPT = `${CONNECT}${MAKE}sql -d "$maintenance" -c "SELECT 'createdb ' || (rolcreatedb OR rolsuper) FROM pg_roles WHERE rolname = current_user"
if [ -n "\${PGDATA:-}" ] && [ -d "$PGDATA" ]; then df -Pk "$PGDATA" | awk 'NR == 2 { print "free " $4 }'; fi
`;

/** Loads stdin into $DATABASE, made anew, and tells its facts on stdout. $KEEP: it stays. */
export const LOAD_SCRIPT = `${CONNECT}${MAKE}drop() { sql -d "$maintenance" -c "DROP DATABASE IF EXISTS \\"$DATABASE\\"" >&2; }
# What a killed run has left; one that is in use stays.
sql -d "$maintenance" -c "SELECT datname FROM pg_database WHERE datname ~ '^glitchtip_trial_[0-9a-f]+$'" |
  while read -r old; do sql -d "$maintenance" -c "DROP DATABASE \\"$old\\"" </dev/null 2>/dev/null || :; done
drop </dev/null
if [ -z "\${KEEP:-}" ]; then trap drop EXIT; fi
sql -d "$maintenance" -c "CREATE DATABASE \\"$DATABASE\\"" </dev/null
pg_restore --no-owner --no-privileges --exit-on-error --no-password --dbname "$DATABASE" || { code=$?; cat >/dev/null; drop; exit $code; }
if [ -n "\${KEEP:-}" ]; then sql -d "$DATABASE" -c ANALYZE </dev/null; fi
sql -d "$DATABASE" -f - <<'SQL'${FACTS}SQL
`;

/** Reads the archive's table of contents. */
export const LIST_SCRIPT = `set -eu
pg_restore --list >/dev/null
cat >/dev/null
`;

/**
 * $FROM takes the main database's name, which goes on as $ASIDE: both or neither. Repeatable: nothing happens where
 * $FROM is not there any more.
 */
export const SWAP_SCRIPT = `${CONNECT}${MAKE}sql -d "$maintenance" -v main="$main" -v from="$FROM" -v aside="$ASIDE" -f - <<'SQL'
SELECT EXISTS (SELECT FROM pg_database WHERE datname = :'from') AS there,
  EXISTS (SELECT FROM pg_database WHERE datname = :'main') AS old \\gset
\\if :there
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE datname IN (:'main', :'from') AND pid <> pg_backend_pid() \\gset
BEGIN;
\\if :old
ALTER DATABASE :"main" RENAME TO :"aside";
\\endif
ALTER DATABASE :"from" RENAME TO :"main";
COMMIT;
\\endif
SQL
`;

export const DROP_SCRIPT = `${CONNECT}${MAKE}sql -d "$maintenance" -v name="$DATABASE" -f - <<'SQL'
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE datname = :'name' \\gset
DROP DATABASE IF EXISTS :"name";
SQL
`;

/** Names of databases that start with $PREFIX. */
export const NAMES_SCRIPT = `${CONNECT}${MAKE}sql -d "$maintenance" -v prefix="$PREFIX" -f - <<'SQL'
SELECT datname FROM pg_database WHERE starts_with(datname, :'prefix') ORDER BY 1;
SQL
`;
