// CPython's set of whole numbers, as far as its order goes. The thesis's code went through such sets when it gave the
// units of a layer their places, so only a set that collides, grows and is copied alike finds the same places.

const EMPTY = -1;
const SMALLEST_TABLE = 8;
/** Neighbouring slots that are tried before the hash decides again. */
const LINEAR_PROBES = 9;
const PERTURB_SHIFT = 5;
/** Members beyond which a table grows twofold and no longer fourfold. */
const LARGE = 50_000;

/**
 * A set of whole numbers from 0 to 2³¹ - 1 that is iterated over in the order of CPython 3.7 and later (Objects/setobject.c; 3.8
 * to 3.13 were compared).
 */
export class PythonSet implements Iterable<number> {
  private slots = new Int32Array(SMALLEST_TABLE).fill(EMPTY);
  private used = 0;

  constructor(members: Iterable<number> = []) {
    for (const member of members) this.add(member);
  }

  add(member: number): void {
    if (!insert(this.slots, member)) return;
    this.used++;
    if (this.used * 5 >= (this.slots.length - 1) * 3) this.resize(this.used * (this.used > LARGE ? 2 : 4));
  }

  /** The members of `set - {member}`, in the order of that set, which is one of its own. */
  without(member: number): number[] {
    // A large set is copied and its member taken out; of a small one, the others are put into a new set.
    const large = this.used >> 2 > 1;
    const rest = large ? this.copy() : new PythonSet([...this].filter((other) => other !== member));
    return [...rest].filter((other) => other !== member);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const slot of this.slots) if (slot !== EMPTY) yield slot;
  }

  private copy(): PythonSet {
    const copy = new PythonSet();
    if (this.used * 5 >= (SMALLEST_TABLE - 1) * 3) copy.resize(this.used * 2);
    if (copy.slots.length === this.slots.length) copy.slots.set(this.slots);
    else for (const member of this) insert(copy.slots, member);
    copy.used = this.used;
    return copy;
  }

  /** A table with more than `atLeast` slots, into which the members go in the order of the old one. */
  private resize(atLeast: number): void {
    let size = SMALLEST_TABLE;
    while (size <= atLeast) size *= 2;
    const before = this.slots;
    this.slots = new Int32Array(size).fill(EMPTY);
    for (const member of before) if (member !== EMPTY) insert(this.slots, member);
  }
}

/** Puts a member into the first free slot of its course through the table; false where it is there already. */
function insert(slots: Int32Array, member: number): boolean {
  const mask = slots.length - 1;
  let perturb = member;
  for (let at = member & mask; ; ) {
    const last = at + LINEAR_PROBES <= mask ? at + LINEAR_PROBES : at;
    for (let slot = at; slot <= last; slot++) {
      if (slots[slot] === member) return false;
      if (slots[slot] !== EMPTY) continue;
      slots[slot] = member;
      return true;
    }
    perturb >>>= PERTURB_SHIFT;
    at = (at * 5 + 1 + perturb) & mask;
  }
}
