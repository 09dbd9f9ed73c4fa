import { createHash } from "node:crypto";
import type { FastifyInstance, FastifySchemaCompiler } from "fastify";
import type { FastifyRouteSchemaDef } from "fastify/types/schema.js";
import { validatorCompiler } from "fastify-type-provider-zod";
import type * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { type InstanceOutline, outlineOf, type ProjectOutline } from "../compat.ts";
import {
  type CompatProject,
  type CompatRequest,
  compatProjectSchema,
  INSTANCE_DEPTH,
  outlineSchema,
  PROJECT_DEPTH,
} from "../compat-schema.ts";
import { testOf } from "../fast-validation.ts";
import { countParts, splitJson } from "../json-parts.ts";
import { BODY_LIMIT_BYTES, DEEPEST_JSON, jsonParser, tooMuch } from "./body.ts";

/** What the API has to know of a request that brings its own servers. */
interface CompatOutline {
  readonly isDry: boolean;
  readonly instances: readonly InstanceOutline[];
}

interface SentBody {
  /** The chunks of the body, as the client sent them. */
  readonly bytes: readonly Buffer[];
  readonly digest: string;
}

export interface CompatBody extends SentBody {
  readonly outline: CompatOutline;
}

/** A body that is not valid for sure. */
interface DoubtfulBody extends SentBody {
  readonly json: unknown;
}

/** A client sends the same request again and again: so many of the last ones are known to be valid. */
const KNOWN_BODIES = 8;

/**
 * Reads the bodies of these routes project by project, and keeps their bytes only: 10 MB of JSON would be 80 MB of objects. What
 * is not valid for sure is parsed anew as a whole, so that its mistakes are told as everywhere.
 */
export function readCompatBodies(app: FastifyInstance): void {
  const known = new Map<string, CompatOutline>();
  const parseWhole = jsonParser(app);
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", (request, payload, done) => {
    if (Number(request.headers["content-length"]) > BODY_LIMIT_BYTES) return done(tooMuch(BODY_LIMIT_BYTES));
    const bytes: Buffer[] = [];
    const hash = createHash("sha256");
    let left = BODY_LIMIT_BYTES;
    const read = (chunk: Buffer) => {
      bytes.push(chunk);
      hash.update(chunk);
      left -= chunk.length;
      if (left >= 0) return;
      payload.off("data", read).off("end", end);
      done(tooMuch(BODY_LIMIT_BYTES));
    };
    const end = () => {
      const digest = hash.digest("hex");
      const outline = known.get(digest) ?? outlineOfBytes(bytes);
      if (outline !== undefined) {
        remember(digest, outline);
        return done(null, { bytes, digest, outline } satisfies CompatBody);
      }
      parseWhole(request, bytes, (error, json) => done(error, { bytes, digest, json } satisfies DoubtfulBody));
    };
    payload.on("data", read).once("end", end);
    payload.once("error", (error: Error & { statusCode?: number }) => {
      error.statusCode ??= 400;
      done(error);
    });
  });

  function remember(digest: string, outline: CompatOutline): void {
    known.delete(digest);
    known.set(digest, outline);
    const [oldest = ""] = known.keys();
    if (known.size > KNOWN_BODIES) known.delete(oldest);
  }
}

/** Leaves to zod what is not valid for sure. */
export const compatValidatorCompiler: FastifySchemaCompiler<unknown> = (route) => {
  const validate = validatorCompiler(route as FastifyRouteSchemaDef<z.core.$ZodType>);
  if (route.httpPart !== "body") return validate;
  return (body: CompatBody | DoubtfulBody | string | null | undefined) => {
    // No body, or one of another type, was read by Fastify itself.
    if (typeof body !== "object" || body === null) return validate(body);
    if ("outline" in body) return { value: body };
    const { json, ...sent } = body;
    const result = validate(json) as { readonly value: CompatRequest } | { readonly error: Error };
    if ("error" in result) return result;
    if (!hasEachInstanceOnce(sent.bytes, result.value)) return { error: keyTwice() };
    return { value: { ...sent, outline: outlineOfRequest(result.value, outlineOf) } satisfies CompatBody };
  };
};

const isProject = testOf(compatProjectSchema);
const isOutline = testOf(outlineSchema);

/** Returns undefined where the body is not valid for sure. */
function outlineOfBytes(bytes: readonly Buffer[]): CompatOutline | undefined {
  const projects: ProjectOutline[] = [];
  let isSure = true;
  const splitter = splitJson(PROJECT_DEPTH, (part) => {
    const project = isSure && splitter.deepest() <= DEEPEST_JSON ? parsed(part.toString("utf8")) : undefined;
    isSure = isProject(project);
    if (isSure) projects.push(outlineOf(project as CompatProject));
  });
  for (const chunk of bytes) splitter.write(chunk);
  const around = splitter.outline();
  const request = isSure ? parsed(around) : undefined;
  if (!isOutline(request)) return undefined;
  const outline = request as z.infer<typeof outlineSchema>;
  if (!hasEachInstanceOnce([Buffer.from(around)], outline)) return undefined;
  return outlineOfRequest(outline, ({ part }) => projects[part] as ProjectOutline);
}

/**
 * Returns whether the text has no other objects and arrays where instances are. `JSON.parse` drops what stands under a key that
 * comes again, but the worker makes a server of each of these objects, and only the instances that are parsed were checked.
 */
function hasEachInstanceOnce(
  bytes: readonly Buffer[],
  { instances }: { readonly instances: readonly unknown[] },
): boolean {
  return countParts(bytes, INSTANCE_DEPTH) === instances.length;
}

const keyTwice = (): CodedError =>
  new CodedError("GC2004", "the request cannot be used", {
    problems: ["body: a key is listed twice"],
    remedy: "Send each key once.",
  });

/** Returns undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A request whose projects are whole, or numbers. */
interface RequestOf<P> {
  readonly dry_run: boolean;
  readonly instances: readonly (Omit<InstanceOutline, "organizations"> & {
    readonly organizations: readonly { readonly name: string; readonly projects: readonly P[] }[];
  })[];
}

function outlineOfRequest<P>(
  { instances, dry_run: isDry }: RequestOf<P>,
  outline: (project: P) => ProjectOutline,
): CompatOutline {
  const organizationsOf = ({ organizations }: RequestOf<P>["instances"][number]) =>
    organizations.map(({ name, projects }) => ({ name, projects: projects.map(outline) }));
  return { isDry, instances: instances.map((one) => ({ ...one, organizations: organizationsOf(one) })) };
}
