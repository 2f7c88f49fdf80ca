// Type-check the generated dashboards with `tsc --strict` against @grafana/schema.
// Every panel's options and custom field configuration are checked as the type of its own plugin.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "build");
const plugins = {
  stat: "StatPanelCfg_types.gen",
  table: "TablePanelCfg_types.gen",
  timeseries: "TimeSeriesPanelCfg_types.gen",
  "state-timeline": "StateTimelinePanelCfg_types.gen",
};

// An enum of strings accepts no plain text; JSON has nothing else. Everything else stays strict.
const lines = [
  `import type { Dashboard, Panel, RowPanel } from "@grafana/schema";`,
  `type Plain<T> = T extends string ? \`\${T}\` : T extends (infer U)[] ? Plain<U>[]`,
  `  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;`,
];
for (const [type, file] of Object.entries(plugins)) {
  const folder = file.replace("PanelCfg_types.gen", "").toLowerCase();
  const name = type.replace(/-/g, "_");
  const plugin = file.replace("PanelCfg_types.gen", "").replace(/([a-z])([A-Z])/g, "$1$2");
  lines.push(
    `import type * as ${name} from "@grafana/schema/dist/esm/raw/composable/${folder}/panelcfg/x/${plugin}PanelCfg_types.gen";`,
  );
}

let count = 0;
for (const name of readdirSync(join(here, "..", "dashboards")).sort()) {
  const board = JSON.parse(readFileSync(join(here, "..", "dashboards", name), "utf8"));
  const { panels, ...rest } = board;
  // what a data source plugin adds to a query (rawSql) is the plugin's own business
  for (const item of rest.annotations.list) item.target = { refId: item.target.refId, datasource: item.target.datasource };
  lines.push(`const board${count}: Plain<Omit<Dashboard, "panels">> = ${JSON.stringify(rest)};`);
  lines.push(`void board${count++};`);
  for (const panel of panels) {
    if (panel.type === "row") {
      lines.push(`const row${count}: Plain<RowPanel> = ${JSON.stringify(panel)};`, `void row${count++};`);
      continue;
    }
    const plugin = panel.type.replace(/-/g, "_");
    if (!(panel.type in plugins)) throw new Error(`no schema for panel type ${panel.type}`);
    lines.push(`const panel${count}: Plain<Panel> = ${JSON.stringify(panel)};`, `void panel${count};`);
    lines.push(
      `const options${count}: Plain<Partial<${plugin}.Options>> = ${JSON.stringify(panel.options ?? {})};`,
      `void options${count};`,
    );
    if (panel.fieldConfig?.defaults?.custom && panel.type !== "stat") {
      const custom = JSON.stringify(panel.fieldConfig.defaults.custom);
      lines.push(`const custom${count}: Plain<Partial<${plugin}.FieldConfig>> = ${custom};`, `void custom${count};`);
    }
    count++;
  }
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
writeFileSync(join(out, "check.ts"), lines.join("\n") + "\n");
const tsc = join(here, "node_modules", "typescript", "bin", "tsc");
const flags = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--module", "esnext", "--moduleResolution", "node"];
try {
  execFileSync(process.execPath, [tsc, ...flags, join(out, "check.ts")], { stdio: "inherit", cwd: here });
} catch {
  process.exit(1);
}
console.log(`${count} dashboards, rows and panels satisfy @grafana/schema`);
