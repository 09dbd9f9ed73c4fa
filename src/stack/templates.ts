import { parse } from "yaml";
import type { ComposeService } from "../compose/model.ts";

const TEMPLATE_NAMES = [
  "every-service",
  "server",
  "glitchtip-setup",
  "glitchtip-db",
  "glitchtip-valkey",
  "glitchtip-init",
  "glitchtip",
  "glitchtip-single",
  "glitchtip-worker",
  "glitchtip-provision",
  "glitchtip-busybox",
  "glitchtip-ready",
  "glitchtip-proxy",
  "glitchtip-backup",
  "glitchtip-backup-db",
  "glitchtip-care",
  "glitchtip-service",
  "glitchtip-service-queue",
] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

export const isTemplateName = (name: string): name is TemplateName => TEMPLATE_NAMES.some((one) => one === name);

/** Returns a service's template, templates/compose/NAME.yaml as data. Two of them hold what several services share. */
export type ComposeTemplates = (name: TemplateName) => ComposeService;

/** Parses a template when it is first asked for: most stacks use half of them. */
export function openTemplates(read: (name: TemplateName) => string): ComposeTemplates {
  const parsed = new Map<TemplateName, ComposeService>();
  return (name) => {
    const known = parsed.get(name);
    if (known !== undefined) return known;
    const template: ComposeService = parse(read(name));
    parsed.set(name, template);
    return template;
  };
}
