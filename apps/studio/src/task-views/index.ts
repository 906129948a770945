/**
 * The views that tasks bring: results, controls, inputs, pages, places and uses of their own, by family.
 * Not here: any task. A family is a folder in ../families and a line in its index; whatever it leaves out is drawn from the task's declaration.
 * Begin with family.ts (what can be brought), then registry.ts (how it is found).
 */
export type { ActionsProps, Family, InputProps, InputViews, ParameterProps, Place, ResultProps, Use } from './family.ts';
export { FamilyView, fetchFamilyViews } from './family-view.tsx';
export { bringViews, families, familyPlaces, familyUses, placeOfRun, runPage, viewsOfInput, viewsOfTask } from './views.ts';
