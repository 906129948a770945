/**
 * Recipes inside saved files: put in and read out, on bytes alone, so that it works in a browser too.
 * Not here: what a recipe says (packages/protocol/src/recipe.ts), and pixels (packages/media).
 * Begin with embed.ts; carrier.ts says what a kind of file has to offer, and there is one file a kind.
 */
export { applyEdits, type Edit } from './edits.ts';
export { canCarryRecipe, embedRecipe, readRecipe, recipeEdits, recipeTail } from './embed.ts';
