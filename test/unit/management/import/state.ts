/** A Terraform state of version 4, as little of it as a test needs. */
export interface ResourceInState {
  readonly type: string;
  readonly name?: string;
  readonly module?: string;
  readonly mode?: "managed" | "data";
  readonly key?: string | number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly sensitive?: readonly unknown[];
  readonly status?: string;
  readonly deposed?: string;
}

export const stateText = (resources: readonly ResourceInState[]): string =>
  JSON.stringify({
    version: 4,
    terraform_version: "1.9.8",
    serial: 12,
    lineage: "3f0c1d2e-0000-0000-0000-000000000000",
    outputs: {},
    resources: resources.map(
      ({ type, name = "this", module, mode = "managed", key, attributes, sensitive, ...more }) => ({
        ...(module === undefined ? {} : { module }),
        mode,
        type,
        name,
        provider: 'provider["registry.terraform.io/samiracho/glitchtip"]',
        instances: [
          {
            ...(key === undefined ? {} : { index_key: key }),
            schema_version: 0,
            attributes,
            sensitive_attributes: sensitive ?? [],
            ...more,
          },
        ],
      }),
    ),
    check_results: null,
  });

const organization = { id: "1", name: "Acme Inc", slug: "acme-inc", date_created: "2026-07-01T10:00:00.123456Z" };

/** As samiracho's provider writes it. */
export const SAMIRACHO: readonly ResourceInState[] = [
  { type: "glitchtip_organization", name: "acme", attributes: organization },
  {
    type: "glitchtip_team",
    name: "backend",
    attributes: {
      organization: "acme-inc",
      id: "3",
      slug: "backend",
      date_created: "2026-07-01T10:00:01Z",
      member_count: 2,
    },
  },
  {
    type: "glitchtip_project",
    name: "all",
    key: "shop",
    module: "module.shop",
    attributes: {
      organization: "acme-inc",
      team: "backend",
      id: "7",
      name: "Shop API",
      slug: "shop-api",
      platform: "node",
      event_throttle_rate: 10,
      scrub_ip_addresses: true,
      date_created: "2026-07-01T10:00:02.000001Z",
    },
  },
  {
    type: "glitchtip_project_team",
    attributes: { id: "acme-inc/shop-api/web", organization: "acme-inc", project: "shop-api", team: "web" },
  },
  {
    type: "glitchtip_project_key",
    attributes: {
      organization: "acme-inc",
      project: "shop-api",
      id: "2f1c0d9a-8b7e-4f3a-9c1d-2e3f4a5b6c7d",
      name: "production",
      rate_limit: { window: 60, count: 1000 },
      public: "2f1c0d9a8b7e4f3a9c1d2e3f4a5b6c7d",
      project_id: 7,
      dsn: { public: "https://2f1c0d9a8b7e4f3a9c1d2e3f4a5b6c7d@errors.example.com/7" },
      date_created: "2026-07-01T10:00:03Z",
    },
  },
  {
    type: "glitchtip_project_alert",
    name: "high",
    attributes: {
      id: 42,
      organization: "acme-inc",
      project: "shop-api",
      name: "High error rate",
      timespan_minutes: 10,
      quantity: 100,
      uptime: false,
      alert_recipients: [
        { recipient_type: "email", url: null, tags_to_add: null },
        { recipient_type: "discord", url: "https://discord.example.com/hook/hunter2", tags_to_add: ["release"] },
      ],
    },
    sensitive: [
      [
        { type: "get_attr", value: "alert_recipients" },
        { type: "index", value: { value: 1, type: "number" } },
        { type: "get_attr", value: "url" },
      ],
    ],
  },
  {
    type: "glitchtip_monitor",
    name: "health",
    attributes: {
      organization: "acme-inc",
      id: 9,
      name: "API health",
      monitor_type: "GET",
      url: "https://api.example.com/health",
      interval: 60,
      timeout: 20,
      expected_status: 200,
      expected_body: "",
      confirmation_threshold: 3,
      project_id: "7",
      is_up: true,
      created: "2026-07-01T10:00:04Z",
    },
  },
  {
    type: "glitchtip_organization_member",
    attributes: {
      organization: "acme-inc",
      id: "5",
      email: "dev@example.com",
      org_role: "manager",
      send_invite: true,
      is_owner: false,
      pending: false,
      role_name: "Manager",
      date_created: "2026-07-01T10:00:05Z",
    },
  },
];

/** As nmehlei's provider writes it: other names, no dates. */
export const NMEHLEI: readonly ResourceInState[] = [
  { type: "glitchtip_organization", attributes: { id: "1", name: "Acme", slug: "acme" } },
  { type: "glitchtip_team", attributes: { id: "3", organization_slug: "acme", slug: "platform" } },
  {
    type: "glitchtip_project",
    attributes: {
      id: "7",
      organization_slug: "acme",
      initial_team: "platform",
      name: "checkout-service",
      slug: "checkout-service",
      platform: "python",
      event_throttle_rate: 0,
    },
  },
  {
    type: "glitchtip_project_team_membership",
    attributes: {
      id: "acme:checkout-service:web",
      organization_slug: "acme",
      project_slug: "checkout-service",
      team_slug: "web",
    },
  },
  {
    type: "glitchtip_project_key",
    attributes: {
      id: "1",
      organization_slug: "acme",
      project_slug: "checkout-service",
      name: "default",
      dsn_public: "https://aaaabbbb@glitchtip.example.com/7",
      dsn_security: "https://glitchtip.example.com/api/7/security/?glitchtip_key=aaaabbbb",
    },
    sensitive: [[{ type: "get_attr", value: "dsn_public" }], [{ type: "get_attr", value: "dsn_security" }]],
  },
  {
    type: "glitchtip_project_alert",
    attributes: {
      id: "1",
      organization_slug: "acme",
      project_slug: "checkout-service",
      name: "new issues",
      timespan_minutes: 1,
      quantity: 1,
      uptime: true,
      recipients: [{ type: "ntfy", url: "https://ntfy.example.com/hunter2" }],
    },
    sensitive: [
      [
        { type: "get_attr", value: "recipients" },
        {
          type: "index",
          value: { value: { type: "ntfy", url: "https://ntfy.example.com/hunter2" }, type: ["object", {}] },
        },
        { type: "get_attr", value: "url" },
      ],
    ],
  },
];
