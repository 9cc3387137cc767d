"""The words of the user interface in other languages."""

import bpy

CHINESE, JAPANESE = "zh_HANS", "ja_JP"
WORDS = {
    "Recording": ("录制", "記録"),
    "Calibration": ("校准", "キャリブレーション"),
    "Calibrate": ("校准", "キャリブレーション"),
    "Predict": ("预测", "予測"),
    "Another Take": ("另一个版本", "別のテイク"),
    "Takes to NLA": ("版本放入 NLA", "テイクを NLA へ"),
    "Solve a Range Again": ("重新求解范围", "範囲を解き直す"),
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
    "Refine": ("优化", "精密化"),
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
    "Predict a motion first": ("请先预测动作", "先に動きを予測してください"),
    "Predict a motion to see how sure it is": ("预测动作后可查看其可信度", "動きを予測すると確かさが表示されます"),
    "Import a recording or use animated objects first": (
        "请先导入录制或使用动画物体",
        "先に記録をインポートするかオブジェクトを選んでください",
    ),
    "Choose the object that moves as the head": ("请选择作为头部的物体", "頭として動くオブジェクトを選んでください"),
}
"""English -> Chinese, Japanese."""


def table():
    """The words as Blender takes them: language -> {(context, English): word}."""
    languages = {CHINESE: 0, JAPANESE: 1}
    return {
        language: {
            (context, english): words[place] for english, words in WORDS.items() for context in ("*", "Operator")
        }
        for language, place in languages.items()
    }


def translated(words):
    """Words that Blender does not translate by itself because they are put together here."""
    return bpy.app.translations.pgettext_iface(words)


def register():
    bpy.app.translations.register(__package__, table())


def unregister():
    bpy.app.translations.unregister(__package__)
