"""faster-coco-eval's side of the metrics benchmark."""
from importlib.metadata import version

from faster_coco_eval import COCO, COCOeval_faster
from pycocotools_peer import serve_metrics

serve_metrics(COCO, COCOeval_faster, "faster-coco-eval " + version("faster-coco-eval"))
