import { defined } from "../base/defined.ts";
import { CodedError, type ErrorCode } from "../base/errors.ts";
import type { serve, signToken } from "../service/index.ts";

interface Service {
  readonly serve: typeof serve;
  readonly signToken: typeof signToken;
}

/** The service is a bundle of its own, which no other command loads. */
export async function loadService(): Promise<Service> {
  return (await import(new URL("serve.mjs", import.meta.url).href)) as Service;
}

/** The bundle has a class CodedError of its own. */
export async function rethrowing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.name === "CodedError" && "code" in error) {
      const { code, message, remedy, problems, cause } = error as CodedError;
      throw new CodedError(code as ErrorCode, message, { ...defined({ remedy }), problems, cause });
    }
    throw error;
  }
}

/** Returns the number that a text is; undefined for anything else, and outside of the range. */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}
