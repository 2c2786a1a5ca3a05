// A curve of any number of updates in few points: once it is full, two neighbours become their mean.

const MOST = 1200;

export class Course {
  private stride = 1;
  private first = 0;
  private sums: number[] = [];
  private counts: number[] = [];

  /** Adds values of updates that follow each other; values of others are forgotten where they overlap. */
  push(first: number, values: ArrayLike<number>): void {
    if (first < this.next) this.cut(first);
    for (let i = 0; i < values.length; i++) this.add(first + i, values[i]);
  }

  /** Forgets what comes from an update on; the point that holds it goes as a whole. */
  cut(step: number): void {
    const place = Math.max(0, Math.floor((step - this.first) / this.stride));
    this.sums.length = Math.min(this.sums.length, place);
    this.counts.length = this.sums.length;
    if (place === 0) this.stride = 1;
  }

  /** Where points are, and their means. */
  points(): { steps: number[]; values: number[] } {
    return {
      steps: this.sums.map((_, i) => this.first + i * this.stride + (this.counts[i] - 1) / 2 + 1),
      values: this.sums.map((sum, i) => sum / this.counts[i]),
    };
  }

  private get next(): number {
    const last = this.sums.length - 1;
    return last < 0 ? 0 : this.first + last * this.stride + this.counts[last];
  }

  private add(step: number, value: number): void {
    if (this.sums.length === 0) this.first = step - (step % this.stride);
    let place = Math.floor((step - this.first) / this.stride);
    if (place >= MOST) {
      this.halve();
      place = Math.floor((step - this.first) / this.stride);
    }
    for (let i = this.sums.length; i <= place; i++) {
      this.sums.push(0);
      this.counts.push(0);
    }
    this.sums[place] += value;
    this.counts[place]++;
  }

  private halve(): void {
    const halved = (values: number[]) =>
      Array.from(
        { length: Math.ceil(values.length / 2) },
        (_, i) => values[2 * i] + (values[2 * i + 1] ?? 0),
      );
    this.sums = halved(this.sums);
    this.counts = halved(this.counts);
    this.stride *= 2;
  }
}
