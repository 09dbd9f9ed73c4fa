import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { GENERATIONS, type Generation } from "../../src/glitchtip/versions.ts";

export const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const;

/** One request of a scenario; README.md describes the keys. */
export type Step = {
  readonly name: string;
  readonly hide?: boolean;
  readonly bearer?: string;
  readonly "bearer-raw"?: string;
  readonly jar?: string;
  readonly csrf?: boolean | string;
  readonly json?: unknown;
  readonly text?: string;
  readonly envelope?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly save?: Readonly<Record<string, string>>;
  readonly repeat?: number;
  /** Seconds. */
  readonly pause?: number;
  readonly until?: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly within?: number;
} & { readonly [Method in (typeof METHODS)[number]]?: string };

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly server: {
    readonly registration?: boolean;
    readonly accounts?: "none";
    readonly database?: "empty";
    readonly worker?: boolean;
  };
  readonly steps: readonly Step[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
}

/** A request as a recording shows it: values that change from run to run are masked. */
export interface AskedRequest {
  readonly method: (typeof METHODS)[number];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Exchange {
  readonly step: string;
  readonly request: AskedRequest;
  readonly response: Answer;
}

/** A file of recordings/<generation>/. */
export interface Recording {
  readonly scenario: string;
  readonly about: string;
  readonly server: Scenario["server"];
  readonly era: string;
  readonly exchanges: readonly Exchange[];
}

const at = (path: string): URL => new URL(path, import.meta.url);

/** The generations that have a folder of recordings. */
export const RECORDED: readonly Generation[] = GENERATIONS.filter((name) => existsSync(at(`recordings/${name}`)));

export const SCENARIOS = readdirSync(at("scenarios"))
  .map((file) => file.replace(/\.yaml$/, ""))
  .sort();

export function loadScenario(name: string): Scenario {
  return parse(readFileSync(at(`scenarios/${name}.yaml`), "utf8")) as Scenario;
}

export function loadRecording(generation: Generation, name: string): Recording {
  return JSON.parse(readFileSync(at(`recordings/${generation}/${name}.json`), "utf8")) as Recording;
}
