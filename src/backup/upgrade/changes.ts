import type { ResolvedServer } from "../../config/server.ts";
import { RETENTION_KINDS, type ServerRole } from "../../glitchtip/versions.ts";

/** Returns a line for each thing that changes in the stack with another GlitchTip. Pure. */
export function changesBetween(from: ResolvedServer, to: ResolvedServer): string[] {
  const [before, after] = [from.capabilities, to.capabilities];
  const names = [...variablesOf(from)].filter((name) => !variablesOf(to).has(name));
  const added = [...variablesOf(to)].filter((name) => !variablesOf(from).has(name));
  const kept = RETENTION_KINDS.flatMap((kind) => {
    const [old, now] = [before.retentionVariables[kind], after.retentionVariables[kind]];
    return old === now || now === undefined ? [] : [`${kind}: ${old === undefined ? now : `${old} → ${now}`}`];
  });
  return [
    ...changed("topology", from.topology, to.topology, "; server.topology decides"),
    ...changed("web", roleText(webOf(from)), roleText(webOf(to))),
    ...(to.topology === "split" ? changed("worker", roleText(before.worker), roleText(after.worker)) : []),
    ...(names.length === 0 ? [] : [`variables that are removed: ${names.join(", ")}`]),
    ...(added.length === 0 ? [] : [`variables that are added: ${added.join(", ")}`]),
    ...(kept.length === 0 ? [] : [`retention: ${kept.join(", ")}`]),
    ...valkeyChange(from, to),
    ...(after.secureCookies && !before.secureCookies ? ["behind https its cookies are Secure"] : []),
    ...(after.refusesPrivateAddresses && !before.refusesPrivateAddresses
      ? ["alerts and monitors to inner addresses are refused unless the server allows them"]
      : []),
    ...(before.wrongKeyBlocks === after.wrongKeyBlocks
      ? []
      : [`an event with a wrong key blocks that ${after.wrongKeyBlocks} only`]),
  ];
}

/** Returns what a person may want to do after the upgrade: commands whose time the tool cannot decide. */
export function followUps(from: ResolvedServer, to: ResolvedServer): string[] {
  if (from.capabilities.archivesEarlierEvents || !to.capabilities.archivesEarlierEvents) return [];
  return [
    // Read in the source of generation 6: the migration copies 10,000 events, each import gives them new ids, and nothing
    // empties the archive.
    "GlitchTip 6 has migrated the newest 10,000 events; all events also stay in its table issue_events_issueevent_archive",
    "If there were more, this brings back the events from before YYYY-MM-DD; run it only once: npx glitchtip-compose manage import_legacy_events --end-date YYYY-MM-DD",
    'To free the space of that table: npx glitchtip-compose psql -c "drop table issue_events_issueevent_archive cascade"',
  ];
}

const webOf = ({ topology, capabilities }: ResolvedServer): ServerRole =>
  (topology === "all-in-one" ? capabilities.allInOne : undefined) ?? capabilities.web;

const roleText = ({ command, environment }: ServerRole): string =>
  [
    ...Object.entries(environment).flatMap(([name, value]) => (name === "SERVER_ROLE" ? [`${name}=${value}`] : [])),
    ...command,
  ].join(" ");

function variablesOf(server: ResolvedServer): Set<string> {
  const { worker, valkeyVariables } = server.capabilities;
  const roles = [webOf(server), ...(server.topology === "split" ? [worker] : [])];
  return new Set([...roles.flatMap(({ environment }) => Object.keys(environment)), ...valkeyVariables]);
}

const changed = (what: string, before: string, after: string, more = ""): string[] =>
  before === after ? [] : [`${what}: ${before} → ${after}${more}`];

function valkeyChange(from: ResolvedServer, to: ResolvedServer): string[] {
  if (from.valkey && !to.valkey) return ["Valkey is no longer needed and is removed; server.valkey: bundled keeps it"];
  if (!from.valkey && to.valkey) return ["Valkey is needed and is added"];
  return from.capabilities.needsValkey && !to.capabilities.needsValkey ? ["Valkey is no longer needed, and stays"] : [];
}
