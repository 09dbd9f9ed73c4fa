import type { Transport, TransportRequest } from "../../src/glitchtip/transport.ts";
import type { HttpAnswer } from "../../src/http/http.ts";

export interface FakeTransport extends Transport {
  readonly requests: readonly TransportRequest[];
}

/** Answers in turn: throws an error, calls a function. The last answer is repeated for all further requests. */
export function fakeTransport(
  ...answers: readonly (HttpAnswer | Error | ((request: TransportRequest) => HttpAnswer))[]
): FakeTransport {
  const requests: TransportRequest[] = [];
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

export const json = (value: unknown, status = 200, headers: HttpAnswer["headers"] = {}): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  text: JSON.stringify(value),
});

export const page = (title: string, status = 200): HttpAnswer => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8" },
  text: `<!doctype html><title>${title}</title><p>…`,
});
