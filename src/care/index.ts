export { askCare } from "./ask.ts";
export { tellChannels, testChannels } from "./notify/channels.ts";
export { type RestartReport, reportLines, reportTitle } from "./report.ts";
