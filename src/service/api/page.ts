/** A page that lists the operations of an OpenAPI document. It loads nothing but that document. */
export const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>glitchtip-compose: the API of the service</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#8881;padding:1rem;overflow:auto}
summary{cursor:pointer;padding:.3rem 0}b{display:inline-block;min-width:4rem}</style>
<h1>glitchtip-compose</h1><p>The API of the reconcile service: <a href="openapi.json">openapi.json</a></p><main></main>
<script>
fetch("openapi.json").then((answer) => answer.json()).then(({ paths }) => {
  for (const [path, methods] of Object.entries(paths)) for (const [method, operation] of Object.entries(methods)) {
    const [details, summary, verb, where, pre] = ["details", "summary", "b", "code", "pre"].map((name) => document.createElement(name));
    verb.textContent = method.toUpperCase();
    where.textContent = path;
    summary.append(verb, where, " " + (operation.summary ?? ""));
    pre.textContent = JSON.stringify(operation, null, 2);
    details.append(summary, pre);
    document.querySelector("main").append(details);
  }
});
</script></html>
`;

/** The page has its script in it, and needs nothing else. */
export const PAGE_POLICY =
  "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'";
