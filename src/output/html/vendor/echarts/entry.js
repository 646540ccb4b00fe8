// What the report's charts use of Apache ECharts, and nothing else: see build.sh.
import { use, init, getInstanceByDom } from "echarts/core";
import { BarChart, GraphChart, LineChart, SankeyChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart, GraphChart, LineChart, SankeyChart,
  AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent,
  SVGRenderer,
]);

export { init, getInstanceByDom };
