import { createReadStream } from "node:fs";
import { defined } from "../../base/defined.ts";
import { CodedError } from "../../base/errors.ts";
import { type Docker, lastLines } from "../../docker/index.ts";
import { containerOf, observeStack } from "../../running/index.ts";
import { PROVISIONER, SERVER } from "../../stack/service-names.ts";
import { UPLOADS_DIR } from "../stack-sources.ts";

/** The two volumes beside the database. What a restore replaces is kept in them, in hidden folders, until `forget`. */
export interface RestoredVolumes {
  /** Throws GC1804 with the folders of the uploads that cannot be written. Changes nothing. */
  requireRights(): Promise<void>;
  restoreUploads(archive: string): Promise<void>;
  restoreState(content: string): Promise<void>;
  /** Puts the replaced content back; does nothing where nothing was replaced. */
  rollBack(): Promise<void>;
  /** Deletes the replaced content. */
  forget(): Promise<void>;
}

/**
 * A shell function that moves all files of one folder to another, except the hidden folders of restores. The marker
 * `.done` makes a move happen once, however often it is begun.
 */
const MOVE = `cd ${UPLOADS_DIR}
move() {
  for file in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case $file in */.restore-* | */.before-*) continue ;; esac
    to=$2/\${file##*/}
    if [ -d "$file" ] && [ ! -L "$file" ] && [ -d "$to" ] && [ ! -L "$to" ]; then
      # A service has made the folder meanwhile: mv would refuse it.
      cp -a "$file"/. "$to"/ && rm -rf "$file"
    elif [ -e "$file" ] || [ -L "$file" ]; then mv -f "$file" "$2"/; fi
  done
}
`;

/** Prints at most five folders in which nothing can be made or removed. */
const checkOf = (probe: string): string => `cd ${UPLOADS_DIR}
mkdir ${probe}
rmdir ${probe}
find . -type d -exec sh -c 'for one; do [ -w "$one" ] && [ -x "$one" ] || printf "%s\\n" "$one"; done' _ {} + | head -n 5
`;

export interface VolumesContext {
  readonly docker: Docker;
  readonly signal: AbortSignal;
  /** Whether the stack has a provisioner, whose state lies in a volume of its own. */
  readonly provisions: boolean;
}

/** `id` is the restore's: the names of the kept content are made of it. */
export function restoredVolumes({ docker, signal, provisions }: VolumesContext, id: string): RestoredVolumes {
  const [fresh, before] = [`.restore-${id}`, `.before-${id}`];
  // Files may belong to anybody: to an older image's user, or to root after `exec --user 0`.
  const execute = (service: string, script: string, stdin?: string) =>
    docker.compose.run(
      service,
      ["-c", `set -eu\n${script}`],
      defined({ entrypoint: "sh", ownsFiles: true, signal, stdin }),
    );
  const inService = async (service: string, script: string, stdin?: string) => {
    const { code, stderr } = await execute(service, script, stdin);
    if (code === 0) return;
    const full = /no space left/i.test(stderr);
    throw new CodedError(full ? "GC1502" : "GC1605", `a volume of ${service} cannot be written`, {
      problems: lastLines(stderr, 4),
      remedy: "Once this is fixed, run the same command again.",
    });
  };
  const inProvisioner = async (script: string, stdin?: string) => {
    if (provisions) await inService(PROVISIONER, script, stdin);
  };
  return {
    async requireRights() {
      const { code, stdout, stderr } = await execute(SERVER, checkOf(`.restore-check-${id}`));
      const refused = stdout.split("\n").filter((line) => line !== "");
      if (code === 0 && refused.length === 0) return;
      throw new CodedError("GC1804", `the uploads in ${UPLOADS_DIR} of ${SERVER} cannot be replaced`, {
        problems: refused.length === 0 ? lastLines(stderr, 4) : refused.map((path) => `${path} cannot be written`),
        remedy: "Check the volume: whether it is mounted read-only, and its folders' attributes. Nothing was changed.",
      });
    },
    async restoreUploads(archive) {
      await inService(SERVER, `cd ${UPLOADS_DIR}; mkdir -p ${before}; rm -rf ${fresh}; mkdir ${fresh}`);
      const server = containerOf(await observeStack(docker), SERVER);
      if (server === undefined) throw new CodedError("GC1605", `${SERVER} has no container`, {});
      const into = `${server.id}:${UPLOADS_DIR}/${fresh}`;
      const copied = await docker.cli(["cp", "-", into], { stdinFrom: createReadStream(archive), signal });
      if (copied.code !== 0) {
        throw new CodedError("GC1605", "the uploads cannot be copied into their volume", {
          problems: lastLines(copied.stderr, 3),
          remedy: "Once this is fixed, run the same command again.",
        });
      }
      await inService(
        SERVER,
        `${MOVE}if [ ! -e ${before}/.done ]; then move . ${before}; : >${before}/.done; fi
move ${fresh}/uploads .
rm -rf ${fresh}`,
      );
    },
    async restoreState(content) {
      const keep = `if [ -e state.json ] && [ ! -e before-${id}.json ]; then cp -p state.json before-${id}.json; fi`;
      const script = `cd /state; umask 077; ${keep}; cat >state.json.restored; mv -f state.json.restored state.json`;
      await inProvisioner(script, content);
    },
    async rollBack() {
      await inService(
        SERVER,
        `${MOVE}if [ -e ${before}/.done ]; then mkdir -p ${fresh}; move . ${fresh}; rm -f ${before}/.done; fi
if [ -d ${before} ]; then move ${before} .; fi
rm -rf ${fresh} ${before}`,
      );
      await inProvisioner(`cd /state; if [ -e before-${id}.json ]; then mv -f before-${id}.json state.json; fi`);
    },
    async forget() {
      await inService(SERVER, `cd ${UPLOADS_DIR}; rm -rf ${fresh} ${before}`);
      await inProvisioner(`rm -f /state/before-${id}.json`);
    },
  };
}
