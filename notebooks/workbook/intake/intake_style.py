"""How the panel for archives looks: questions with their labels above the fields, tables that scroll, one column on a phone."""

from __future__ import annotations

STYLE = """<style>
.intake-panel { max-width: 100%; }
.intake-panel .widget-inline-hbox { flex-wrap: wrap; height: auto; margin: 2px 0 6px; width: 100%; }
.intake-panel .widget-text, .intake-panel .widget-dropdown { max-width: 46em; }
.intake-panel .widget-inline-hbox > .widget-label { flex: 0 0 100%; width: 100% !important; max-width: 100%; height: auto;
  text-align: left; white-space: normal; line-height: 1.4; font-weight: 600; overflow: visible; }
.intake-panel .widget-inline-hbox > .widget-label[style*="none"] { display: none; }
.intake-panel .widget-inline-hbox > select, .intake-panel .widget-inline-hbox > input { flex: 1 1 100%; min-width: 0;
  margin-left: 0; width: 100%; min-height: 32px; }
.intake-panel .jupyter-widgets.widget-checkbox .widget-label-basic { white-space: normal; font-weight: normal; height: auto; }
.intake-panel .widget-button { min-height: 32px; }
.intake-panel p.intake-how { margin: 0 0 2px; max-width: 46em; }
.intake-panel .intake-scroll { overflow-x: auto; }
.intake-panel summary { cursor: pointer; padding: 4px 0; }
.intake-panel code { overflow-wrap: anywhere; }
.workbook-panel.intake-panel td { min-width: 6em; }
@media (max-width: 600px) {
  .workbook-panel.intake-panel th, .workbook-panel.intake-panel td { padding: 3px 4px; min-width: 4em; font-size: .9em; }
}
</style>"""
