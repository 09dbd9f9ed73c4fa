import type { RawAnswer, RawRequest, Transport } from "../../src/glitchtip/transport.ts";

export interface FakeTransport extends Transport {
  readonly requests: readonly RawRequest[];
}

/** Answers in turn; an error is thrown, and a function is asked. The last one goes on for all that follow. */
export function fakeTransport(
  ...answers: readonly (RawAnswer | Error | ((request: RawRequest) => RawAnswer))[]
): FakeTransport {
  const requests: RawRequest[] = [];
  return {
    baseUrl: "http://glitchtip:8000",
    requests,
    async send(request) {
      requests.push(request);
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer === undefined) throw new Error("no answer is prepared");
      if (answer instanceof Error) throw answer;
      return typeof answer === "function" ? answer(request) : answer;
    },
    close: async () => {},
  };
}

export const json = (value: unknown, status = 200, headers: RawAnswer["headers"] = {}): RawAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  text: JSON.stringify(value),
});

export const page = (title: string, status = 200): RawAnswer => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8" },
  text: `<!doctype html><title>${title}</title><p>…`,
});
