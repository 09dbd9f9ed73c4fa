import type { Routes } from "../router.ts";
import { alertRoutes } from "./alerts.ts";
import { eventRoutes } from "./events.ts";
import { ingestRoutes } from "./ingest.ts";
import { issueRoutes } from "./issues.ts";
import { keyRoutes } from "./keys.ts";
import { memberRoutes } from "./members.ts";
import { monitorRoutes } from "./monitors.ts";
import { organizationRoutes } from "./organizations.ts";
import { projectRoutes } from "./projects.ts";
import { signInRoutes } from "./sign-in.ts";
import { statusPageRoutes } from "./status-pages.ts";
import { projectTeamRoutes, teamMemberRoutes, teamRoutes } from "./teams.ts";
import { tokenRoutes } from "./tokens.ts";
import { userRoutes } from "./users.ts";
import { webRoutes } from "./web.ts";

export const ROUTES: readonly Routes[] = [
  webRoutes,
  signInRoutes,
  tokenRoutes,
  userRoutes,
  organizationRoutes,
  teamRoutes,
  projectRoutes,
  projectTeamRoutes,
  keyRoutes,
  ingestRoutes,
  issueRoutes,
  eventRoutes,
  memberRoutes,
  teamMemberRoutes,
  alertRoutes,
  monitorRoutes,
  statusPageRoutes,
];
