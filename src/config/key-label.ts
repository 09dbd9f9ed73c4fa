/** Of the keys that the provisioner makes, wherever it runs; the applications of the stack use them. */
export const KEY_LABEL = "glitchtip-compose";
