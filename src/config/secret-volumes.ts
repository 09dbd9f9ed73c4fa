/**
 * Where the secrets of a stack live: each in a volume of its own, mounted as the folder /run/secrets/NAME, in the file
 * `value`. The one-shot service glitchtip-setup fills the volumes before anything else starts.
 */
export const SECRETS_DIR = "/run/secrets";
/** The setup service finds the referenced secrets that it copies here, each in a file NAME. */
export const GIVEN_SECRETS_DIR = "/run/given-secrets";
/** The setup service finds the secrets here that an earlier version kept in the workspace. */
export const OLD_SECRETS_DIR = "/run/old-secrets";
/** The setup service sees the volume of the bundled database here. */
export const DATABASE_DIR = "/run/glitchtip-database";

/** The variable that names the stack's secrets to the setup service, separated by spaces. */
export const SECRET_NAMES_VARIABLE = "GLITCHTIP_SETUP_NAMES";

/** The variable with what the command line hands over, because no container can ask for it: NAME=MARK, separated by spaces. */
export const HANDED_SECRETS_VARIABLE = "GLITCHTIP_SETUP_HANDED";

/** Returns the secrets that the command line hands to the setup service: the mark of the reference by the secret's name. */
export const handedSecrets = (
  environment: Readonly<Record<string, string | null | undefined>> | undefined,
): ReadonlyMap<string, string> =>
  new Map(
    (environment?.[HANDED_SECRETS_VARIABLE] ?? "").split(" ").flatMap((pair) => {
      const [name = "", mark] = pair.split("=");
      return mark === undefined ? [] : [[name, mark] as const];
    }),
  );

/** The secrets that a stack makes by itself, with their name in `secrets rotate` and in backups, and their length. */
export const MADE_SECRETS = {
  glitchtip_db_password: { name: "db_password", bytes: 24 },
  glitchtip_secret_key: { name: "secret_key", bytes: 48 },
  glitchtip_admin_password: { name: "admin_password", bytes: 18 },
} as const;

export type MadeSecret = keyof typeof MADE_SECRETS;

export const ADMIN_PASSWORD: MadeSecret = "glitchtip_admin_password";

export const isMadeSecret = (name: string): name is MadeSecret => Object.hasOwn(MADE_SECRETS, name);

/** Returns the key of a secret's volume in the Compose file. */
export const secretVolume = (name: string): string => name.replaceAll("_", "-");

/** Returns the path of a secret in every container that has its volume. */
export const secretFile = (name: string): string => `${SECRETS_DIR}/${name}/value`;

/** Removes the line end that an editor puts at the end of a file: one, and nothing else. The rule of every reader of secrets. */
export const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, "");

/** A request to the mode `secrets` of the setup service: one JSON document on its stdin. */
export type SecretsRequest =
  /** `as: "next"` keeps the value beside the one in use until `promote`; `"missing"` writes only where there is none. */
  | {
      readonly action: "write";
      readonly values: Readonly<Record<string, string>>;
      readonly as: "value" | "next" | "missing";
    }
  | { readonly action: "promote"; readonly name: string };
