"""The words of the user interface in other languages."""

import re
from functools import lru_cache

import bpy

from ..characters.rotation_modes import EULER_ORDERS
from .message_catalog import SENTENCES
from .tooltips import TOOLTIPS

CHINESE, JAPANESE = "zh_HANS", "ja_JP"
TITLES = "Threepoint"
"""Context of the panels' titles: Blender has words of its own for some of them that mean something else."""
CONTEXTS = ("*", "Operator", TITLES)
WORDS = {
    "Recording": ("录制", "記録"),
    "Calibration": ("校准", "キャリブレーション"),
    "Calibrate": ("校准", "キャリブレーション"),
    "Predict": ("预测", "予測"),
    "Another Take": ("另一个版本", "別のテイク"),
    "Takes to NLA": ("版本放入 NLA", "テイクを NLA へ"),
    "Solve Range Again": ("重新求解范围", "範囲を解き直す"),
    "Uncertainty": ("不确定性", "不確かさ"),
    "Show Uncertainty": ("显示不确定性", "不確かさを表示"),
    "Most Uncertain Frame": ("最不确定的帧", "最も不確かなフレーム"),
    "Import Recording": ("导入录制", "記録をインポート"),
    "Import Headset Recording": ("导入头显录制", "ヘッドセットの記録をインポート"),
    "Headset Recording": ("头显录制", "ヘッドセットの記録"),
    "Headset Recording (.bsor, .csv, ...)": ("头显录制 (.bsor, .csv, ...)", "ヘッドセットの記録 (.bsor, .csv, ...)"),
    "Use Animated Objects": ("使用动画物体", "アニメーションするオブジェクトを使用"),
    "Remove Person": ("移除人物", "人物を除く"),
    "Left Hand": ("左手", "左手"),
    "Right Hand": ("右手", "右手"),
    "Controllers": ("控制器", "コントローラー"),
    "Stature": ("身高", "身長"),
    "Floor": ("地面", "床"),
    "Own Stature": ("自定身高", "身長を指定"),
    "Own Floor": ("自定地面", "床を指定"),
    "Take": ("版本", "テイク"),
    "Export Avatar": ("导出虚拟人", "アバターをエクスポート"),
    "Install Engine": ("安装引擎", "エンジンをインストール"),
    "Remove Engine": ("删除引擎", "エンジンを削除"),
    "Check Engine": ("检查引擎", "エンジンを確認"),
    "Engine": ("引擎", "エンジン"),
    "Installed Here": ("安装在此处", "ここにインストール"),
    "Existing Python": ("现有的 Python", "既存の Python"),
    "From (cm)": ("从 (厘米)", "最小 (cm)"),
    "To (cm)": ("到 (厘米)", "最大 (cm)"),
    "Esc stops it": ("按 Esc 停止", "Esc で停止"),
    "Fit Frame Range": ("适配帧范围", "フレーム範囲を合わせる"),
    "Use an Existing Python": ("使用现有的 Python", "既存の Python を使う"),
    "The engine is not installed yet": ("引擎尚未安装", "エンジンはまだ入っていません"),
    "Angles": ("角度", "角度"),
    "Apple GPU": ("苹果 GPU", "Apple の GPU"),
    "As in the Scene": ("与场景相同", "シーンと同じ"),
    "Automatic": ("自动", "自動"),
    "Avatar": ("虚拟人", "アバター"),
    "Axes": ("坐标轴", "軸"),
    "Body": ("身体", "体"),
    "Body Joints": ("身体关节", "体の関節"),
    "Bone Names": ("骨骼名称", "ボーンの名前"),
    "Built From": ("来源文件", "元のファイル"),
    "CUDA or ROCm": ("CUDA 或 ROCm", "CUDA または ROCm"),
    "Cancel": ("取消", "キャンセル"),
    "Choose Columns": ("选择列", "列を選ぶ"),
    "Device": ("设备", "デバイス"),
    "Export": ("导出", "エクスポート"),
    "First": ("起始", "最初"),
    "Format": ("格式", "形式"),
    "From": ("从", "最小"),
    "From the Recording": ("依录制而定", "記録に従う"),
    "Grip Pose": ("握持姿态", "グリップ姿勢"),
    "Guess": ("猜测", "推測"),
    "Has Pose Correctives": ("有姿态修正", "姿勢補正あり"),
    "Head": ("头部", "頭"),
    "Last": ("结束", "最後"),
    "Length": ("长度", "長さ"),
    "Mesh": ("网格", "メッシュ"),
    "Metal": ("Metal", "Metal"),
    "NVIDIA or AMD GPU": ("NVIDIA 或 AMD GPU", "NVIDIA または AMD の GPU"),
    "Notes": ("备注", "メモ"),
    "Action": ("动作", "アクション"),
    "Order of Angles": ("角度顺序", "角度の順"),
    "Person": ("人物", "人物"),
    "Pose Correctives": ("姿态修正", "姿勢補正"),
    "Position X": ("位置 X", "位置 X"),
    "Quaternion": ("四元数", "クォータニオン"),
    "Rate": ("采样率", "サンプルレート"),
    "Installing": ("正在安装", "インストール中"),
    "Refine": ("优化", "精密化"),
    "Refine Shown Take": ("优化当前版本", "表示中のテイクを精密化"),
    "Refinement": ("优化程度", "精密化の度合い"),
    "Relaxed Hands": ("放松的手", "力を抜いた手"),
    "Remember for This Header": ("记住此表头", "この見出しを記憶"),
    "Rotation Order": ("旋转顺序", "回転の順"),
    "Rotation W": ("旋转 W", "回転 W"),
    "Seed": ("种子", "シード"),
    "Shape": ("形状", "形状"),
    "Solid View": ("实体视图", "ソリッド表示"),
    "Tables (CSV)": ("表格 (CSV)", "表 (CSV)"),
    "Time": ("时间", "時刻"),
    "To": ("到", "最大"),
    "Torch From": ("Torch 来源", "Torch の入手先"),
    "Tracked Hand": ("被追踪的手", "トラッキングされた手"),
    "Verdict": ("结论", "判定"),
    "What is found": ("识别结果", "見つかったもの"),
    "degrees": ("度", "度"),
    "radians": ("弧度", "ラジアン"),
    "ticks": ("ticks", "ticks"),
    **{f"{order} Euler": (f"{order} 欧拉", f"{order} オイラー角") for order in EULER_ORDERS},
    **TOOLTIPS,
    **SENTENCES,
}
"""English -> Chinese, Japanese."""
SLOT = re.compile(r"\{(\w+)\}")
"""What differs from time to time in a sentence."""


def table():
    """The words as Blender takes them: language -> {(context, English): word}."""
    return {
        language: {(context, english): words[place] for context in CONTEXTS for english, words in WORDS.items()}
        for place, language in enumerate((CHINESE, JAPANESE))
    }


def translated(words):
    """A line in the user's language: as a whole, or as the sentence that it is with what stands in its slots."""
    translate = bpy.app.translations.pgettext_iface
    if (whole := translate(words)) != words:
        return whole
    sentence, values = parted(words)
    pattern = translate(sentence)
    if pattern == sentence:  # Another language, English among them, or no sentence of ours.
        return words
    return SLOT.sub(lambda slot: translated(values[slot[1]]), pattern)


@lru_cache(maxsize=256)
def parted(words):
    """(the sentence with slots that ``words`` are, what stands in each); the words themselves where they are none."""
    for sentence, pattern in _patterns():
        if (match := pattern.fullmatch(words)) is not None:
            return sentence, match.groupdict()
    return words, {}


@lru_cache(maxsize=1)
def _patterns():
    """Sentences with slots and what finds them; the first that fits is meant."""
    return [(sentence, re.compile(_pattern(sentence), re.DOTALL)) for sentence in WORDS if SLOT.search(sentence)]


def _pattern(sentence):
    """An expression that matches a sentence whatever stands in its slots."""
    words = SLOT.split(sentence)  # Text and names take turns.
    return "".join(f"(?P<{part}>.*?)" if place % 2 else re.escape(part) for place, part in enumerate(words))


def register():
    bpy.app.translations.register(__package__, table())


def unregister():
    bpy.app.translations.unregister(__package__)
