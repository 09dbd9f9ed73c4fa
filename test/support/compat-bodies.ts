import fc from "fast-check";

/** Mostly a valid value, at times one that is wrong, at times none. */
const often = <T>(good: fc.Arbitrary<T>) =>
  fc.oneof(
    { arbitrary: good, weight: 60 },
    {
      arbitrary: fc.constantFrom<unknown[]>(
        undefined,
        null,
        "",
        "ftp://a",
        "x".repeat(300),
        0,
        -1,
        32_768,
        1.5,
        [],
        {},
        true,
      ),
      weight: 1,
    },
  );
const EXTRA = ["extra", "__proto__"];
const object = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(fc.record(shape), fc.nat(60))
    .map(([value, nth]) => JSON.parse(JSON.stringify(nth > 1 ? value : { ...value, [EXTRA[nth] ?? ""]: 1 })));
const url = often(fc.constantFrom("https://hooks.example.com/x", "http://a", " HTTPS://a.example.com"));
const recipient = fc.oneof(
  object({ recipient_type: fc.constant("email") }),
  object({ recipient_type: fc.constant("webhook"), url }),
  object({ recipient_type: often(fc.constantFrom("email", "webhook")), url }),
);
const alert = object({
  name: often(fc.constantFrom("a", "b")),
  timespan_minutes: often(fc.integer({ min: 1, max: 32_767 })),
  quantity: often(fc.integer({ min: 1, max: 32_767 })),
  recipients: often(fc.array(recipient, { maxLength: 2 })),
});
const project = object({
  name: often(fc.constantFrom("Shop", "…")),
  slug: often(fc.constantFrom("shop", "jobs")),
  alerts: often(fc.array(alert, { maxLength: 2 })),
});
const organization = object({ name: often(fc.constant("Acme")), projects: often(fc.array(project, { maxLength: 2 })) });
const token = object({
  secret_manager_url: url,
  path: often(fc.constant("secret/x")),
  field: often(fc.constant("token")),
  version: often(fc.constant(2)),
});
const instance = object({
  name: often(fc.constantFrom("one", "two")),
  console_url: url,
  token: often(token),
  read_timeout: often(fc.constant(30)),
  max_retries: often(fc.constant(0)),
  organizations: often(fc.array(organization, { maxLength: 2 })),
});
/** Bodies of requests that bring their own servers: most are valid, some are wrong in one place or another. */
export const compatBodies = object({
  instances: often(fc.array(instance, { maxLength: 2 })),
  dry_run: often(fc.boolean()),
});
