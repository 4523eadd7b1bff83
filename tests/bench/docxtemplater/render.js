// Renders one template with docxtemplater again and again; prints milliseconds per document, writes the last one.
const fs = require("fs");
const PizZip = require("pizzip");
const Docxtemplater = require("docxtemplater");

const [template, data, output, warm, count] = process.argv.slice(2);
const content = fs.readFileSync(template);
const values = JSON.parse(fs.readFileSync(data, "utf8"));

function render() {
  const document = new Docxtemplater(new PizZip(content), { paragraphLoop: true, linebreaks: true });
  document.render(values);
  return document.getZip().generate({ type: "nodebuffer", compression: "DEFLATE" });
}

for (let index = 0; index < Number(warm); index++) render();
const times = [];
let made;
for (let index = 0; index < Number(count); index++) {
  const start = process.hrtime.bigint();
  made = render();
  times.push(Number(process.hrtime.bigint() - start) / 1e6);
}
fs.writeFileSync(output, made);
process.stdout.write(JSON.stringify(times));
