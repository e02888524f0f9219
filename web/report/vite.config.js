// Builds report.html and everything that it needs into one file, dist/report.html.
import {defineConfig} from "vite";

/** Puts the script and the style into the page, so that it opens from disk and never asks a network. */
function oneFile() {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle["report.html"];
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue;
        const text = part.type === "chunk" ? part.code.trim().replaceAll("</script", "<\\/script") : part.source;
        const reference = new RegExp(`[ \\t]*<(script|link)[^>]*(src|href)="[^"]*${name}"[^>]*>(</script>)?\\n?`);
        if (!reference.test(page.source)) throw new Error(`the page does not refer to ${name}`);
        page.source = page.source.replace(reference, "");
        // A module in <head> runs when the whole page, with the data, is there.
        const element = part.type === "chunk" ? `<script type="module">${text}</script>` : `<style>${text}</style>`;
        page.source = page.source.replace("</head>", () => `${element}\n</head>`);
        delete bundle[name];
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [oneFile()],
  build: {
    target: "es2021",
    modulePreload: false,
    assetsInlineLimit: Infinity,
    cssCodeSplit: false,
    rollupOptions: {input: "report.html", output: {inlineDynamicImports: true}},
  },
});
