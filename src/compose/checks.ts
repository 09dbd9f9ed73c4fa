import { didYouMean } from "../base/did-you-mean.ts";
import { type Stated, waitsFor } from "./service-facts.ts";
import { asMap, Tagged, unreadable, type YamlMap } from "./yaml.ts";

/** Refuses what Compose refuses, and what would otherwise be read as a file without services. */
export function checkShape(file: YamlMap, path: string): void {
  const { services } = file;
  const [odd] = Object.keys(file).filter((key) => !TOP_LEVEL.test(key));
  if (services === undefined && odd !== undefined) {
    throw unreadable(
      path,
      `it has no "services", and "${odd}" at the top is no key of Compose${didYouMean(odd, ["services"])}`,
    );
  }
  if (!isMapOrNothing(services)) throw unreadable(path, "services must be a map of names");
  for (const [name, service] of Object.entries(asMap(services))) {
    if (!isMapOrNothing(service)) throw unreadable(path, `services.${name} must be a map`);
  }
}

const TOP_LEVEL = /^(?:version|name|include|services|networks|volumes|secrets|configs|models|x-.*)$/;

const isMapOrNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value instanceof Tagged ||
  (typeof value === "object" && !Array.isArray(value));

/** Refuses, as Compose does, services that wait for each other or for one that is not there. */
export function checkOrder(services: Readonly<Record<string, Stated>>, path: string, isWhole: boolean): void {
  const done = new Set<string>();
  const visit = (name: string, through: readonly string[]): void => {
    if (done.has(name)) return;
    const at = through.indexOf(name);
    if (at >= 0) throw unreadable(path, `services wait for each other: ${[...through.slice(at), name].join(" → ")}`);
    for (const other of waitsFor(services[name] ?? {})) {
      if (Object.hasOwn(services, other)) visit(other, [...through, name]);
      else if (isWhole && !STACK_SERVICE.test(other)) {
        const hint = didYouMean(other, Object.keys(services));
        throw unreadable(path, `service ${name} needs service "${other}", which is not there${hint}`);
      }
    }
    done.add(name);
  };
  for (const name of Object.keys(services)) visit(name, []);
}

/** Services of the stack, which a user's service may wait for. */
const STACK_SERVICE = /^glitchtip(-|$)/;
