import { PSQL_PREAMBLE } from "../../running/index.ts";

/**
 * Scripts for the shell beside the database: POSIX sh with the psql, pg_dump and pg_restore of the server's own version.
 * The names of databases are passed as variables. No password is in an argument list, where `ps` would show it.
 */

/**
 * Prints a line for each fact and each table. The checksum of a table is the sum over its rows' hashes, so that their
 * order does not matter.
 */
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

/** Prints the facts of $DATABASE, or of GlitchTip's. */
export const FACTS_SCRIPT = `${PSQL_PREAMBLE}sql -d "\${DATABASE:-$main}" -f - <<'SQL'${FACTS}SQL
`;

/**
 * Prints the dump on stdout and the facts on stderr. Both see the same snapshot: the session that reads the facts keeps
 * it open while pg_dump runs.
 */
export const DUMP_SCRIPT = `${PSQL_PREAMBLE}sql -f - <<'SQL'
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

/** Prints whether the user may create a database, and the free KiB of the disk where it can be seen. */
export const ROOM_SCRIPT = `${PSQL_PREAMBLE}${MAKE}sql -d "$maintenance" -c "SELECT 'createdb ' || (rolcreatedb OR rolsuper) FROM pg_roles WHERE rolname = current_user"
if [ -n "\${PGDATA:-}" ] && [ -d "$PGDATA" ]; then df -Pk "$PGDATA" | awk 'NR == 2 { print "free " $4 }'; fi
`;

/** Creates $DATABASE, loads stdin into it and prints its facts. The database is dropped again unless $KEEP is set. */
export const LOAD_SCRIPT = `${PSQL_PREAMBLE}${MAKE}drop() { sql -d "$maintenance" -c "DROP DATABASE IF EXISTS \\"$DATABASE\\"" >&2; }
# Drop what killed runs have left. A database that is in use cannot be dropped and stays.
sql -d "$maintenance" -c "SELECT datname FROM pg_database WHERE datname ~ '^glitchtip_trial_[0-9a-f]+$'" |
  while read -r old; do sql -d "$maintenance" -c "DROP DATABASE \\"$old\\"" </dev/null 2>/dev/null || :; done
drop </dev/null
if [ -z "\${KEEP:-}" ]; then trap drop EXIT; fi
sql -d "$maintenance" -c "CREATE DATABASE \\"$DATABASE\\"" </dev/null
pg_restore --no-owner --no-privileges --exit-on-error --no-password --dbname "$DATABASE" || { code=$?; cat >/dev/null; drop; exit $code; }
if [ -n "\${KEEP:-}" ]; then sql -d "$DATABASE" -c ANALYZE </dev/null; fi
sql -d "$DATABASE" -f - <<'SQL'${FACTS}SQL
`;

/** Reads the table of contents of the dump on stdin. */
export const LIST_SCRIPT = `set -eu
pg_restore --list >/dev/null
cat >/dev/null
`;

/**
 * Renames GlitchTip's database to $ASIDE and $FROM to its name, in one transaction. May be executed again: it does
 * nothing where $FROM does not exist any more.
 */
export const SWAP_SCRIPT = `${PSQL_PREAMBLE}${MAKE}sql -d "$maintenance" -v main="$main" -v from="$FROM" -v aside="$ASIDE" -f - <<'SQL'
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

export const DROP_SCRIPT = `${PSQL_PREAMBLE}${MAKE}sql -d "$maintenance" -v name="$DATABASE" -f - <<'SQL'
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE datname = :'name' \\gset
DROP DATABASE IF EXISTS :"name";
SQL
`;

/** Prints the names of the databases that start with $PREFIX. */
export const NAMES_SCRIPT = `${PSQL_PREAMBLE}${MAKE}sql -d "$maintenance" -v prefix="$PREFIX" -f - <<'SQL'
SELECT datname FROM pg_database WHERE starts_with(datname, :'prefix') ORDER BY 1;
SQL
`;
