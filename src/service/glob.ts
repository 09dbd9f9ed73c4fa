/** Returns whether a name matches a glob: `*` is any text, `?` any character, all else itself. */
export function matchesGlob(name: string, glob: string): boolean {
  let [at, star, mark] = [0, -1, 0];
  let i = 0;
  while (i < name.length) {
    if (glob[at] === "*") {
      star = at++;
      mark = i;
    } else if (at < glob.length && (glob[at] === "?" || glob[at] === name[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++mark;
    } else return false;
  }
  while (glob[at] === "*") at++;
  return at === glob.length;
}
