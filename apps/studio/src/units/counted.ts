/** "a painted mask", "2 painted masks"; nothing for none. */
export const counted = (count: number, one: string, many: string): string[] =>
  count === 0 ? [] : [count === 1 ? `${/^[aeiou]/.test(one) ? 'an' : 'a'} ${one}` : `${count} ${many}`];
