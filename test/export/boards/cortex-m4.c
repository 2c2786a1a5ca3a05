/* Starts a Cortex-M4: the stack and the first function, which allows the floating-point unit. */
void _start(void);
extern char __stack;

void reset(void) {
  *(volatile unsigned *)0xe000ed88 |= 0xfu << 20; /* CPACR: full access to coprocessors 10 and 11. */
  __asm volatile("dsb\n isb");
  _start();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[2] = {&__stack, (const void *)reset};
