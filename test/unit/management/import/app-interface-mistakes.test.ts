import { describe, expect, it } from "vitest";
import type { CodedError } from "../../../../src/base/errors.ts";
import { importInto } from "../../../../src/management/import/index.ts";
import { FILES, folderOf, options, refused, withProject } from "./app-interface.ts";

describe("a mistake in the files of app-interface", () => {
  const alerts = (text: string) => `alerts: [{name: a, quantity: 1, timespanMinutes: 1, ${text}}]\n`;
  it.each([
    [
      "projectId: shop\njira: {labels: [x]}\n",
      "p.yml: Jira integration requires either project or escalation policy to be set",
    ],
    ["jira: {escalationPolicy: {$ref: /none.yml}}\n", "p.yml: jira.escalationPolicy: its file is not in the folder"],
    [
      "alerts: [{name: Glitchtip-Jira-Bridge-Integration}]\n",
      "p.yml: 'Glitchtip-Jira-Bridge-Integration' alert name is reserved. Please use another name.",
    ],
    ["alerts: [{name: a}, {name: a}]\n", 'p.yml: two alerts are called "a"'],
    [
      alerts("recipients: [{provider: webhook}]"),
      "p.yml: alerts[0].recipients[0]: url or urlSecret must be set for webhook recipient",
    ],
    [
      alerts("recipients: [{provider: email, url: 'https://x.example.com'}]"),
      "p.yml: alerts[0].recipients[0]: url must be empty for email recipients",
    ],
    [
      alerts("recipients: [{provider: pager}]"),
      'p.yml: alerts[0].recipients[0]: "pager" is no provider: email, email-project-members or webhook',
    ],
    [
      alerts("recipients: [{provider: webhook, urlSecret: {field: url}}]"),
      "p.yml: alerts[0].recipients[0].urlSecret has no path",
    ],
    [
      alerts("recipients: [{provider: webhook, urlSecret: {path: nomount, field: url}}]"),
      "p.yml: alerts[0].recipients[0].urlSecret: nomount is no path of a secret, MOUNT/PATH",
    ],
  ])("%s is told with its file, and nothing is written", async (text, problem) => {
    using folder = folderOf(withProject(text));
    const error: CodedError = await importInto(folder.path, options()).then(
      () => expect.unreachable(),
      (one: unknown) => one as CodedError,
    );
    expect([error.code, error.problems[0]]).toEqual(["GC1102", problem]);
    expect(folder.files()["glitchtip.yaml"]).toBeUndefined();
  });

  it("is reported with all others at once", async () => {
    const error = await refused({
      "instance.yml": "$schema: /glitchtip/instance-1.yml\nname: my-glitchtip\n",
      "p.yml":
        "$schema: /glitchtip/project-1.yml\nname: shop\norganization: {name: Acme, instance: {name: my-glitchtp}}\n",
      "q.yml": "$schema: /glitchtip/project-1.yml\norganization: {$ref: /none.yml}\n",
    });
    expect(error.problems).toEqual([
      "instance.yml: consoleUrl is missing",
      "instance.yml: automationToken is missing",
      "q.yml: name is missing",
      "q.yml: organization is missing, or its file is not in the folder",
      'p.yml: there is no instance "my-glitchtp"; did you mean "my-glitchtip"?',
    ]);
  });

  it("is reported with both files where an instance or project is there twice", async () => {
    const { "p.yml": project = "", "instance.yml": instance = "" } = withProject("");
    const error = await refused({ "a.yml": instance, "b.yml": instance, "p.yml": project, "q.yml": project });
    expect(error.problems).toEqual([
      'b.yml: "my-glitchtip" is in a.yml, too',
      'q.yml: "my-glitchtip/Acme/shop" is in p.yml, too',
    ]);
  });

  it("is reported as what it is: in YAML, in the folder or in its contents", async () => {
    expect((await refused({ "x.yml": "a: [" })).problems[0]).toMatch(/^x\.yml: /);
    expect((await refused({ "x.yml": "a: 1\n" })).message).toMatch(
      /has no file with \$schema: \/glitchtip\/instance-1\.yml$/,
    );
    expect((await refused(FILES, { path: "none" })).message).toMatch(/none is no folder that can be read$/);
  });

  it("is reported with its line where only the declaration's rules find it, and nothing is written", async () => {
    using folder = folderOf(withProject("eventThrottleRate: 900\n"));
    const error: CodedError = await importInto(folder.path, options()).then(
      () => expect.unreachable(),
      (one: unknown) => one as CodedError,
    );
    expect([error.code, error.problems[0]]).toEqual([
      "GC1101",
      expect.stringMatching(/^glitchtip\.yaml:\d+:\d+: projects\.shop\.throttle/),
    ]);
    expect(folder.files()["glitchtip.yaml"]).toBeUndefined();
  });
});
