/** Where labels and letters of the timeline stand, so that none covers another and none is cut off. Pure. */

/** About, in units of the drawing, of the small text of labels. */
const CHARACTER_WIDTH = 6.1;
const LABEL_APART = 8;
/** Between a line and the label beside it. */
const BESIDE = 4;

export interface Placed {
  readonly x: number;
  readonly anchor: 'start' | 'end';
  /** From 0, at the top. */
  readonly lane: number;
  readonly text: string;
}

interface Area {
  readonly left: number;
  readonly right: number;
}

/** Each label beside its line: to the right where it fits, else to the left; in the first lane where nothing is. */
export const placeLabels = (labels: readonly { readonly x: number; readonly text: string }[], { left, right }: Area): readonly Placed[] => {
  const taken: { readonly lane: number; readonly from: number; readonly to: number }[] = [];
  return labels.map(({ x, text }) => {
    const width = text.length * CHARACTER_WIDTH;
    const fitsRight = x + BESIDE + width <= right;
    const from = fitsRight ? x + BESIDE : Math.max(left, x - BESIDE - width);
    const isTaken = (lane: number): boolean =>
      taken.some((each) => each.lane === lane && from < each.to + LABEL_APART && each.from < from + width + LABEL_APART);
    let lane = 0;
    while (lane < labels.length && isTaken(lane)) lane += 1;
    taken.push({ lane, from, to: from + width });
    return { x: fitsRight ? from : from + width, anchor: fitsRight ? 'start' : 'end', lane, text };
  });
};

/**
 * Centers for letters that are wanted at `xs`, in rising order: as near as they can be, `apart` from one another, and all
 * within the area. What does not fit in one row goes on in the next.
 */
export const placeLetters = (
  xs: readonly number[],
  { left, right }: Area,
  apart: number,
): readonly { readonly x: number; readonly row: number }[] => {
  const fitting = Math.max(1, Math.floor((right - left) / apart) + 1);
  const rows = Math.ceil(xs.length / fitting);
  const placed = Array.from({ length: rows }, (_, row) => {
    const own = xs.filter((_x, index) => index % rows === row);
    const places: number[] = [];
    for (const x of own) places.push(Math.max(x, left, (places.at(-1) ?? Number.NEGATIVE_INFINITY) + apart));
    // Back from the right end, where there is no place beyond.
    let free = right;
    for (let index = places.length - 1; index >= 0; index -= 1) {
      const place = Math.min(places[index] ?? free, free);
      places[index] = place;
      free = place - apart;
    }
    return places;
  });
  return xs.map((x, index) => ({ x: placed[index % rows]?.[Math.floor(index / rows)] ?? x, row: index % rows }));
};
