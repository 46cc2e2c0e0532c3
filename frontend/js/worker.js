// Starts the page's module in a worker. The first message holds the address of its JavaScript and the compiled module, which
// asks for nothing else.

addEventListener(
  "message",
  async ({ data: { script, module } }) => {
    try {
      const { default: start } = await import(script);
      await start({ module_or_path: module });
    } catch (error) {
      // As an error of the worker, which the page sees; that of a promise it does not.
      setTimeout(() => {
        throw error;
      });
    }
  },
  { once: true },
);
