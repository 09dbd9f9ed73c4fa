export { askCare } from "./ask.ts";
export { testChannels } from "./notify/test.ts";
export { type RestartReport, reportLines, reportTitle } from "./report.ts";
