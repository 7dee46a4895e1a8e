"""How people type an address: each spelling, and the label of the door that must come first."""

CLOUD, CLOUD_3, CLOUD_3_2 = "云溪苑", "云溪苑 3栋", "云溪苑 3栋 2单元"
ROAD_23 = "人民路23号"

SPELLINGS: tuple[tuple[str, str], ...] = (
    # the block
    *((typed, CLOUD_3) for typed in (
        "云溪苑3栋", "云溪苑 3 栋", "云溪苑３栋", "云溪苑三栋", "云溪苑3号楼", "云溪苑三号楼", "云溪苑3幢",
        "云溪苑3座", "云溪苑3#", "云溪苑3＃", "云溪苑3号", "云溪苑3", "云溪苑-3", "云溪苑，3栋", "云溪苑（3栋）",
        "云溪苑03栋", "云溪苑3楼", "云溪苑③栋", "云溪苑・3栋", "雲溪苑3棟", "雲溪苑3號樓", "云溪苑3栋501", "云溪苑3栋501室",
        "云溪苑3-501", "云溪苑3栋5楼", "云溪苑3栋5层502房", "云溪苑三号楼五零一室", "云溪苑三号楼五〇一", "云溪苑3号楼十二层",
        "云溪苑3栋1203", "云溪苑3#-501", "云溪苑3栋张三家", "云溪苑3栋旁边", "云溪苑3栋门口", "云溪苑 3栋 （菜鸟驿站）",
        "云溪苑3栋9单元", "云溪苑3栋501户",
    )),
    # the stairwell
    *((typed, CLOUD_3_2) for typed in (
        "云溪苑3栋2单元", "云溪苑3栋二单元", "云溪苑三栋二单元", "云溪苑3-2", "云溪苑3-2-501", "云溪苑 3-2-501", "云溪苑3－2－501",
        "云溪苑3—2—501", "云溪苑3–2–501", "云溪苑3/2/501", "云溪苑3.2.501", "云溪苑3 2 501", "云溪苑3#2单元", "云溪苑3#2单元501",
        "云溪苑3 号楼 2 门", "云溪苑3号楼2门501", "云溪苑三号楼二单元五零一室", "云溪苑三号楼二单元五零一", "云溪苑3幢2单元5楼",
        "雲溪苑三棟二單元", "云溪苑3栋-2单元-501", "云溪苑3栋02单元", "云溪苑3栋两单元", "云溪苑3座2单元501号",
        "云溪苑３号楼２单元５０１室", "云溪苑3栋2梯501", "yunxiyuan3dong2danyuan", "yunxiyuan3-2-501", "yxy3d2dy501",
    )),
    # words in front
    *((typed, CLOUD_3) for typed in (
        "贵州省遵义市云溪街道云溪苑3栋", "遵义市播州区云溪街道云溪社区云溪苑3号楼", "云溪街道云溪苑3栋", "云溪社区云溪苑三栋",
        "播州区云溪苑3栋", "贵州遵义云溪苑3栋", "地址：云溪苑3栋", "我家住云溪苑3栋", "贵州省遵义市播州区云溪街道云溪社区居委会云溪苑3栋501室",
        "中国贵州省遵义市云溪苑3栋",
    )),
    # a letter wrong
    *((typed, CLOUD_3) for typed in (
        "云西苑3栋", "芸溪苑3栋", "云溪院3栋", "云希苑3栋", "云溪宛3栋", "云溪园3栋", "云溪3栋", "云溪小苑3栋", "蕓溪苑3栋",
        "云溪花苑3栋",
    )),
    # by its sound
    *((typed, CLOUD_3) for typed in (
        "yunxiyuan3dong", "yun xi yuan 3 dong", "YunXiYuan 3 Dong", "yunxiyuan 3", "yunxiyuan3hao", "yunxiyuan3haolou",
        "yunxiyuan3栋", "云xi苑3栋", "云溪yuan3栋", "yun溪苑3栋", "yxy3d", "YXY3D", "yxy3栋", "yxy3", "yunxiyaun3dong",
        "yunxyuan3dong", "yinxiyuan3dong", "ｙｕｎｘｉｙｕａｎ3栋", "yun'xi'yuan 3栋",
    )),
    *((typed, CLOUD) for typed in (
        "云溪苑", "yunxiyuan", "yun xi yuan", "yxy", "云xi苑", "云 溪 苑", "雲溪苑", "云溪苑小区", "yunxiyua", "云溪街道云溪苑",
    )),
    # streets
    *((typed, ROAD_23) for typed in (
        "人民路23号", "人民路二十三号", "人民路23", "人民路２３号", "人民路23号2楼", "人民路23-1", "renminlu23hao", "renminlu23", "rml23h",
        "人民路 23 号", "云溪街道人民路23号", "仁民路23号", "人民路23号院", "人民路23号附1号",
    )),
    *((typed, "重庆路12号") for typed in (
        "重庆路12号", "重慶路12號", "重庆路十二号", "chongqinglu12hao", "zhongqinglu12hao", "chongqing lu 12", "zhongqing路12号",
        "cql12h", "zql12h", "重庆路 12",
    )),
    # blocks called by letters, names with numbers in them
    *((typed, "阳光100 A座") for typed in ("阳光100A座", "阳光100a座", "阳光100 A座1203", "阳光100Ａ栋", "阳光100a#")),
    *((typed, "阳光100") for typed in ("阳光100", "阳光１００", "yangguang100")),
    *((typed, "锦绣二期 5栋") for typed in ("锦绣二期5栋", "锦绣2期5栋", "锦绣二期五号楼", "jinxiuerqi5dong", "jinxiu2qi5dong", "锦绣2期 5-1-302")),
    *((typed, "锦绣二期 21栋") for typed in ("锦绣二期21栋", "锦绣二期二十一栋", "锦绣二期二十一号楼", "锦绣二期21#")),
    *((typed, "101大厦") for typed in ("101大厦", "101大厦1203室")),
    *((typed, "绿苑 1栋") for typed in ("绿苑1栋", "lvyuan1dong", "luyuan1dong", "綠苑1棟", "ly1d")),
    *((typed, "桥头小学") for typed in ("桥头小学", "橋頭小學", "qiaotouxiaoxue", "qtxx", "桥头小雪", "桥头社区桥头小学")),
)  # fmt: skip
