import { hash } from "node:crypto";
import type { FastifyInstance, FastifySchemaCompiler } from "fastify";
import type { FastifyRouteSchemaDef } from "fastify/types/schema.js";
import { validatorCompiler } from "fastify-type-provider-zod";
import type * as z from "zod/mini";
import { CodedError } from "../../base/errors.ts";
import { type InstanceOutline, type OrganizationOutline, outlineOf } from "../compat.ts";
import {
  type CompatOrganization,
  type CompatRequest,
  compatOrganizationSchema,
  INSTANCE_DEPTH,
  ORGANIZATION_DEPTH,
  outlineSchema,
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
}

export interface CompatBody extends SentBody {
  readonly outline: CompatOutline;
}

/** A body that is not valid for sure. */
interface DoubtfulBody extends SentBody {
  readonly json: unknown;
}

/**
 * Reads the bodies of these routes organization by organization, and keeps their bytes only: 10 MB of JSON would be 80 MB of
 * objects. What is not valid for sure is parsed anew as a whole, so that its mistakes are told as everywhere.
 */
export function readCompatBodies(app: FastifyInstance): void {
  const organizations = knownOrganizations();
  const parseWhole = jsonParser(app);
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", (request, payload, done) => {
    if (Number(request.headers["content-length"]) > BODY_LIMIT_BYTES) return done(tooMuch(BODY_LIMIT_BYTES));
    const bytes: Buffer[] = [];
    let left = BODY_LIMIT_BYTES;
    const read = (chunk: Buffer) => {
      bytes.push(chunk);
      left -= chunk.length;
      if (left >= 0) return;
      payload.off("data", read).off("end", end);
      done(tooMuch(BODY_LIMIT_BYTES));
    };
    const end = () => {
      const outline = outlineOfBytes(bytes, organizations);
      if (outline !== undefined) return done(null, { bytes, outline } satisfies CompatBody);
      parseWhole(request, bytes, (error, json) => done(error, { bytes, json } satisfies DoubtfulBody));
    };
    payload.on("data", read).once("end", end);
    payload.once("error", (error: Error & { statusCode?: number }) => {
      error.statusCode ??= 400;
      done(error);
    });
  });
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

const isOrganization = testOf(compatOrganizationSchema);
const isOutline = testOf(outlineSchema);

/** Returns undefined for an organization that is not valid for sure. */
type ReadOrganization = (bytes: Buffer) => OrganizationOutline | undefined;

/** Each takes some 200 bytes. */
const KNOWN_ORGANIZATIONS = 20_000;

/** Parses each organization once: a client sends almost the same request again and again. */
function knownOrganizations(): ReadOrganization {
  const known = new Map<string, OrganizationOutline>();
  return (bytes) => {
    const digest = hash("sha256", bytes, "base64");
    const before = known.get(digest);
    if (before !== undefined) return before;
    const organization = parsed(bytes.toString("utf8"));
    if (!isOrganization(organization)) return undefined;
    const outline = outlineOf(organization as CompatOrganization);
    if (outline.problems.length > 0) return outline;
    if (known.size === KNOWN_ORGANIZATIONS) known.clear();
    known.set(digest, outline);
    return outline;
  };
}

/** Returns undefined where the body is not valid for sure. */
function outlineOfBytes(bytes: readonly Buffer[], read: ReadOrganization): CompatOutline | undefined {
  const organizations: OrganizationOutline[] = [];
  let isSure = true;
  const splitter = splitJson(ORGANIZATION_DEPTH, (part) => {
    const organization = isSure && splitter.deepest() <= DEEPEST_JSON ? read(part) : undefined;
    isSure = organization !== undefined;
    if (organization !== undefined) organizations.push(organization);
  });
  for (const chunk of bytes) splitter.write(chunk);
  const around = splitter.outline();
  const request = isSure ? parsed(around) : undefined;
  if (!isOutline(request)) return undefined;
  const outline = request as z.infer<typeof outlineSchema>;
  if (!hasEachInstanceOnce([Buffer.from(around)], outline)) return undefined;
  return outlineOfRequest(outline, ({ part }) => organizations[part] as OrganizationOutline);
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

/** A request whose organizations are whole, or numbers. */
interface RequestOf<O> {
  readonly dry_run: boolean;
  readonly instances: readonly (Omit<InstanceOutline, "organizations"> & { readonly organizations: readonly O[] })[];
}

const outlineOfRequest = <O>(
  { instances, dry_run: isDry }: RequestOf<O>,
  outline: (organization: O) => OrganizationOutline,
): CompatOutline => ({
  isDry,
  instances: instances.map((one) => ({ ...one, organizations: one.organizations.map(outline) })),
});
