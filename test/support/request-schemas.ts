/**
 * The fields of the request schemas of GlitchTip 6.2.6 for what a declaration manages, by the name of the schema in its
 * OpenAPI document (read), with the request that uses it.
 */
export const REQUEST_SCHEMAS = {
  OrganizationInSchema: {
    request: "PUT /api/0/organizations/{slug:organization}/",
    fields: ["name"],
  },
  TeamIn: { request: "PUT /api/0/teams/{slug:organization}/{slug:team}/", fields: ["slug"] },
  ProjectIn: {
    request: "PUT /api/0/projects/{slug:organization}/{slug:project}/",
    fields: ["name", "slug", "platform", "eventThrottleRate"],
  },
  OrganizationUserIn: {
    request: "POST /api/0/organizations/{slug:organization}/members/",
    fields: ["email", "orgRole", "teamRoles", "sendInvite", "reinvite"],
  },
  OrganizationUserUpdateSchema: {
    request: "PUT /api/0/organizations/{slug:organization}/members/{int:member}/",
    fields: ["orgRole", "teamRoles"],
  },
  ProjectKeyIn: {
    request: "PUT /api/0/projects/{slug:organization}/{slug:project}/keys/{uuid:key}/",
    fields: ["name", "rateLimit"],
  },
  ProjectAlertIn: {
    request: "PUT /api/0/projects/{slug:organization}/{slug:project}/alerts/{int:alert}/",
    fields: ["name", "timespanMinutes", "quantity", "uptime", "alertRecipients"],
  },
  /** One of `alertRecipients`. */
  ZulipAlertRecipientIn: {
    request: undefined,
    fields: ["recipientType", "url", "tagsToAdd", "botEmail", "apiKey", "channel", "topic"],
  },
  MonitorIn: {
    request: "PUT /api/0/organizations/{slug:organization}/monitors/{int:monitor}/",
    fields: [
      "monitorType",
      "name",
      "url",
      "expectedStatus",
      "expectedBody",
      "interval",
      "timeout",
      "confirmationThreshold",
      "project",
    ],
  },
  StatusPageIn: {
    request: "POST /api/0/organizations/{slug:organization}/status-pages/",
    fields: ["name", "isPublic"],
  },
} as const satisfies Readonly<
  Record<string, { readonly request: string | undefined; readonly fields: readonly string[] }>
>;
