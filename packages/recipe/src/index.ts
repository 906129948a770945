/**
 * Recipes inside saved files: put in and read out, on bytes alone, so that it works in a browser too.
 * Not here: what a recipe says (packages/protocol/src/recipe.ts), and pixels (packages/media).
 * Begin with embed.ts.
 */
export {};
