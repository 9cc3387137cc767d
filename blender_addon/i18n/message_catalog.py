"""What the mind, the engine and the buttons say in whole sentences, in other languages.

In braces stands what differs from time to time; ``translations.translated`` finds the sentence that a line is.
"""

FOUND = {
    "person {tall} m tall, floor at {floor} m, hands by preset '{preset}'": (
        "身高 {tall} 米，地面高度 {floor} 米，双手按预设 '{preset}'",
        "身長 {tall} m、床の高さ {floor} m、手はプリセット '{preset}' による",
    ),
    "{tall} m tall by how the head moves, give or take {error} cm": (
        "由头部运动得出身高 {tall} 米，误差约 {error} 厘米",
        "頭の動きから身長 {tall} m、誤差は約 {error} cm",
    ),
    "warning: the stature is a guess: {tall} m ± {error} cm; give it as the stature, or stand in a T-pose": (
        "警告：身高只是猜测：{tall} 米 ± {error} 厘米；请自定身高，或在录制中站成 T 姿势",
        "警告：身長は推測です：{tall} m ± {error} cm。身長を指定するか、T ポーズで立ってください",
    ),
    "y = 0 cannot be the floor: it is taken to be at {floor} m, under a person who stands": (
        "y = 0 不可能是地面：取站立者脚下的 {floor} 米",
        "y = 0 は床ではありえません。立つ人の足もとの {floor} m を床とします",
    ),
    "no preset for the device '{device}': '{preset}' is used": (
        "没有设备 '{device}' 的预设：使用 '{preset}'",
        "機器 '{device}' のプリセットがないため '{preset}' を使います",
    ),
    "the hands reach {times} times as far as arms of that height: a taller person is taken": (
        "双手伸展达该身高手臂的 {times} 倍：按更高的人计算",
        "手がその身長の腕の {times} 倍まで届くため、より背の高い人とします",
    ),
    "the eyes never are higher than {height} m: nobody stands there; a person of the mean size is taken": (
        "眼睛从未高于 {height} 米：无人站立；按平均身材计算",
        "目が {height} m より高くならず、誰も立っていません。平均の体格とします",
    ),
    "hands fitted to the recording: {angle} degrees and {distance} cm from the preset": (
        "双手已按录制拟合：与预设相差 {angle} 度、{distance} 厘米",
        "手を記録に合わせました：プリセットとの差は {angle} 度、{distance} cm",
    ),
    "hands turned so that wrists are straight": ("已转动双手使手腕伸直", "手首がまっすぐになるよう手を回しました"),
    "where {trackers} sit on the body was fitted to a prediction from head and hands": (
        "{trackers} 在身体上的位置已按由头和手得出的预测拟合",
        "{trackers} の体での位置を、頭と手からの予測に合わせました",
    ),
    "person {tall} m tall, offsets from the {pose}-pose at {time} s": (
        "身高 {tall} 米，偏移取自 {time} 秒处的 {pose} 姿势",
        "身長 {tall} m、ずれは {time} 秒の {pose} ポーズから",
    ),
    "tracks are joints: nothing to calibrate": ("轨迹即关节：无需校准", "軌跡が関節なので、校正は不要です"),
}
"""What a calibration found."""

READ = {
    "its floor lies at {floor} m: moved to 0": (
        "其地面在 {floor} 米：已移到 0",
        "床が {floor} m にあるため 0 に移しました",
    ),
    "its betas belong to another body: the mean body stands in": (
        "其 betas 属于另一种身体：以平均身体代替",
        "betas が別の体のものなので、平均の体で代えます",
    ),
    "its betas are not a row of numbers: the mean body stands in": (
        "其 betas 不是一行数字：以平均身体代替",
        "betas が数の並びでないので、平均の体で代えます",
    ),
    "its betas are no person's: the mean body stands in": (
        "其 betas 不是人的：以平均身体代替",
        "betas が人のものでないので、平均の体で代えます",
    ),
    "guessed: how the glasses' camera sits on the head, from where up and the hands are": (
        "猜测：由上方和双手所在推断眼镜相机在头上的位置",
        "推測：上の向きと手の位置から、眼鏡のカメラの頭での付き方",
    ),
    "guessed: angles multiply in the order {order}, hands by the side they are on": (
        "猜测：角度按 {order} 的顺序相乘，左右手按所在的一侧",
        "推測：角度は {order} の順に掛け、手の左右は位置による",
    ),
    "guessed: quaternions are in the order {order}": (
        "猜测：四元数顺序为 {order}",
        "推測：クォータニオンの順は {order}",
    ),
    "guessed: angles are in {unit} and multiply in the order {order}": (
        "猜测：角度单位为{unit}，按 {order} 的顺序相乘",
        "推測：角度の単位は{unit}、{order} の順に掛ける",
    ),
    "guessed: positions are in {unit}": ("猜测：位置单位为 {unit}", "推測：位置の単位は {unit}"),
    "guessed: axes are those of '{convention}'": (
        "猜测：坐标轴为 '{convention}' 的",
        "推測：軸は '{convention}' のもの",
    ),
    "guessed: the hands hold '{device}'": ("猜测：手中握的是 '{device}'", "推測：手にあるのは '{device}'"),
    "guessed: '{column}' is in {unit}": ("猜测：'{column}' 的单位为 {unit}", "推測：'{column}' の単位は {unit}"),
    "read as was kept for tables with this header": (
        "按为此表头记住的方式读取",
        "この見出しの表に記憶した読み方で読みました",
    ),
    "the song was played at {tempo} times its speed: times are divided by that": (
        "歌曲以 {tempo} 倍速播放：时间已除以该数",
        "曲は {tempo} 倍速で再生されたため、時刻をそれで割りました",
    ),
    "a capture of another skeleton: lengths are scaled by {scale} to the default body": (
        "捕捉自另一骨架：长度按 {scale} 缩放到默认身体",
        "別の骨格の記録です。長さを {scale} 倍して標準の体に合わせました",
    ),
    "dropped {count} samples whose times repeat or run backward": (
        "丢弃了 {count} 个时间重复或倒退的样本",
        "時刻が重なるか戻るサンプルを {count} 個捨てました",
    ),
    "dropped {count} samples without a finite time": (
        "丢弃了 {count} 个没有有效时间的样本",
        "有限の時刻のないサンプルを {count} 個捨てました",
    ),
    "the samples were out of order: sorted by time": (
        "样本顺序混乱：已按时间排序",
        "サンプルの順が乱れていたため、時刻で並べ直しました",
    ),
    "{count} gap{plural} of more than {seconds} s without samples": (
        "有 {count} 处超过 {seconds} 秒没有样本",
        "{seconds} 秒を超えてサンプルのない所が {count} か所あります",
    ),
    "left out {count} of {all} lines that are not complete": (
        "略去了 {all} 行中 {count} 行不完整的",
        "{all} 行のうち不完全な {count} 行を除きました",
    ),
    "has no clock: times are counted from its frame rates (median {rate})": (
        "没有时钟：时间由其帧率推算（中位数 {rate}）",
        "時計がないため、フレームレート（中央値 {rate}）から時刻を数えました",
    ),
    "{tracker} lost: {reason}": ("{tracker}丢失：{reason}", "{tracker}の欠落：{reason}"),
    "{tracker} lost {first} to {last} s": (
        "{tracker}丢失于 {first} 至 {last} 秒",
        "{tracker}は {first} ～ {last} 秒に欠落",
    ),
    "Read as was kept for this header": ("按为此表头记住的方式读取", "この見出しに記憶した読み方で読みました"),
}
"""What reading a recording found."""

DONE = {
    "{person}: {length} s of motion in {seconds} s": (
        "{person}：{seconds} 秒内得到 {length} 秒的动作",
        "{person}：{length} 秒の動きを {seconds} 秒で予測しました",
    ),
    "{person} is not in this scene any more; nothing was changed": (
        "{person} 已不在此场景中；未作任何更改",
        "{person} はもうこのシーンにありません。何も変えていません",
    ),
    "Stopped; nothing was changed": ("已停止；未作任何更改", "止めました。何も変えていません"),
    "{stage} {percent}%": ("{stage}：{percent}%", "{stage}：{percent}%"),
    "{progress}, {minutes}:{seconds} left": (
        "{progress}，剩余 {minutes}:{seconds}",
        "{progress}、残り {minutes}:{seconds}",
    ),
    "Threepoint: {stage} (Esc stops it)": ("Threepoint：{stage}（按 Esc 停止）", "Threepoint：{stage}（Esc で停止）"),
    "{count} recording{plural} imported; see the Threepoint tab of the sidebar": (
        "已导入 {count} 个录制；见侧栏的 Threepoint 标签",
        "{count} 件の記録を読み込みました。サイドバーの Threepoint タブへ",
    ),
    "No recording was chosen": ("未选择录制", "記録が選ばれていません"),
    "{what}. Esc stops it": ("{what}。按 Esc 停止", "{what}。Esc で停止"),
    "{count} takes are on the NLA tracks of {armature}": (
        "{count} 个版本已放到 {armature} 的 NLA 轨道上",
        "{count} 個のテイクを {armature} の NLA トラックに置きました",
    ),
    "Frame {frame}: {error} cm on average": ("第 {frame} 帧：平均 {error} 厘米", "フレーム {frame}：平均 {error} cm"),
    "This motion has no uncertainty; predict it again": (
        "此动作没有不确定性数据；请重新预测",
        "この動きには不確かさがありません。予測し直してください",
    ),
    "Written: {path}": ("已写入：{path}", "書き出しました：{path}"),
    "The engine is removed": ("引擎已删除", "エンジンを削除しました"),
    "... and {count} more lines": ("……另有 {count} 行", "…ほか {count} 行"),
}
"""What the buttons have done."""

ENGINE = {
    "Running: {engine}": ("正在运行：{engine}", "動作中：{engine}"),
    "torch {torch}, Python {python}, on {device}": (
        "torch {torch}，Python {python}，运行于 {device}",
        "torch {torch}、Python {python}、{device} で動作",
    ),
    "{device} with {memory} GB": ("{device}（{memory} GB）", "{device}（{memory} GB）"),
    "Log: {path}": ("日志：{path}", "ログ：{path}"),
    "Not started yet": ("尚未启动", "まだ始めていません"),
    "Installed; it starts on first use": ("已安装；首次使用时启动", "インストール済み。初めて使うときに始まります"),
    "Not installed yet": ("尚未安装", "まだ入っていません"),
    "Making the environment": ("正在建立环境", "環境を作っています"),
    "Cancelled": ("已取消", "キャンセルしました"),
    "Checking ...": ("正在检查……", "確認中…"),
    "{python} is fine: {engine}": ("{python} 可用：{engine}", "{python} は使えます：{engine}"),
    "{python} cannot be used: {reason}": ("{python} 不可用：{reason}", "{python} は使えません：{reason}"),
    "{python} has said nothing for {seconds} s": (
        "{python} 已 {seconds} 秒没有回应",
        "{python} は {seconds} 秒何も答えません",
    ),
    "{python} does not run: {reason}": ("{python} 无法运行：{reason}", "{python} は動きません：{reason}"),
    "{library} {version} is too old; {major}.{minor} or newer is needed": (
        "{library} {version} 太旧；需要 {major}.{minor} 或更新",
        "{library} {version} は古すぎます。{major}.{minor} 以降が必要です",
    ),
    "it is no Python": ("它不是 Python", "Python ではありません"),
    "the engine's Python '{python}' is not a program; choose it in the preferences": (
        "引擎的 Python '{python}' 不是程序；请在偏好设置中选择",
        "エンジンの Python '{python}' はプログラムではありません。プリファレンスで選んでください",
    ),
    "the engine is not installed yet; install it in Threepoint's preferences": (
        "引擎尚未安装；请在 Threepoint 的偏好设置中安装",
        "エンジンがまだ入っていません。Threepoint のプリファレンスでインストールしてください",
    ),
    "the engine's Python {python} is not there; install the engine in the preferences": (
        "引擎的 Python {python} 不存在；请在偏好设置中安装引擎",
        "エンジンの Python {python} がありません。プリファレンスでインストールしてください",
    ),
    "the engine's Python {python} does not start: {reason}": (
        "引擎的 Python {python} 无法启动：{reason}",
        "エンジンの Python {python} が始まりません：{reason}",
    ),
    "the engine has stopped ({reason}); the scene is as it was, try again": (
        "引擎已停止（{reason}）；场景未变，请重试",
        "エンジンが止まりました（{reason}）。シーンは元のままです。もう一度お試しください",
    ),
    "killed by {signal}, as a system does that has no memory left": (
        "被 {signal} 终止，系统内存不足时会如此",
        "{signal} で終了。メモリーの尽きたシステムがすることです",
    ),
    "by {signal}": ("因 {signal}", "{signal} による"),
    "exit status {status}, no reason given": ("退出状态 {status}，未说明原因", "終了状態 {status}、理由は不明"),
    "the engine failed: {reason}": ("引擎出错：{reason}", "エンジンが失敗しました：{reason}"),
    "not enough memory on this device; choose the CPU, or a shorter frame range": (
        "此设备内存不足；请选择 CPU 或更短的帧范围",
        "このデバイスのメモリーが足りません。CPU か、より短いフレーム範囲を選んでください",
    ),
    "starting the engine": ("启动引擎", "エンジンを開始"),
    "starting": ("开始", "開始"),
    "loading the models": ("加载模型", "モデルを読み込み"),
    "calibrating": ("校准", "キャリブレーション"),
    "predicting": ("预测", "予測"),
    "predicting the body": ("预测身体", "体を予測"),
    "refining": ("优化", "精密化"),
    "measuring uncertainty": ("测量不确定性", "不確かさを測定"),
}
"""What is said of the engine, and what it says."""

REFUSED = {
    "{scene}: choose an object for the head (chosen: {roles})": (
        "{scene}：请选择作为头部的物体（已选：{roles}）",
        "{scene}：頭とするオブジェクトを選んでください（選択：{roles}）",
    ),
    "object '{name}': is scaled to zero; a tracker needs a scale that is not zero": (
        "物体 '{name}'：缩放为零；追踪器的缩放不能为零",
        "オブジェクト '{name}'：スケールが 0 です。トラッカーには 0 でないスケールが要ります",
    ),
    "object '{name}': is mirrored by a negative scale; apply or remove the scale": (
        "物体 '{name}'：被负缩放镜像；请应用或移除缩放",
        "オブジェクト '{name}'：負のスケールで鏡映されています。スケールを適用するか外してください",
    ),
    "{mesh}: is no longer the mesh of its body; predict again to make a new one": (
        "{mesh}：已不是其身体的网格；请重新预测以生成新的",
        "{mesh}：体のメッシュではなくなっています。予測し直して作り直してください",
    ),
    "{mesh}: its uncertainty is of another kind; predict the whole motion again": (
        "{mesh}：其不确定性是另一种；请重新预测整个动作",
        "{mesh}：不確かさの種類が違います。動き全体を予測し直してください",
    ),
    "{person}: there is no take yet; predict one before solving a part of it again": (
        "{person}：还没有版本；请先预测，再重新求解其中一部分",
        "{person}：テイクがまだありません。一部を解き直す前に予測してください",
    ),
    "The folder {folder} does not exist": ("文件夹 {folder} 不存在", "フォルダー {folder} がありません"),
    "This Blender cannot write {format}: enable its add-on, or use a build that has it": (
        "此 Blender 无法写入 {format}：请启用其插件，或使用带有它的版本",
        "この Blender は {format} を書き出せません。アドオンを有効にするか、対応するビルドをお使いください",
    ),
    "{file}: cannot be removed ({reason})": ("{file}：无法删除（{reason}）", "{file}：消せません（{reason}）"),
    "{file}: cannot be read ({reason})": ("{file}：无法读取（{reason}）", "{file}：読めません（{reason}）"),
    "{tracker}: choose the column of its {kind} {axis}, too": (
        "{tracker}：还请选择其 {kind} {axis} 的列",
        "{tracker}：{kind} {axis} の列も選んでください",
    ),
    "no device preset '{name}'; there are {known}": (
        "没有设备预设 '{name}'；可用的有 {known}",
        "機器のプリセット '{name}' はありません。あるのは {known}",
    ),
    "a stature of {stature} m; expected metres between {least} and {most}": (
        "身高 {stature} 米；应在 {least} 到 {most} 米之间",
        "身長 {stature} m。{least} ～ {most} m であるべきです",
    ),
    "this body's first beta does not change its stature": (
        "此身体的第一个 beta 不改变身高",
        "この体の最初の beta は身長を変えません",
    ),
    "device '{name}' is not available here; choose auto or cpu": (
        "设备 '{name}' 在此不可用；请选择自动或 CPU",
        "デバイス '{name}' はここでは使えません。自動か CPU を選んでください",
    ),
}
"""What was refused."""

PARTS = {
    "head": ("头部", "頭"),
    "left hand": ("左手", "左手"),
    "right hand": ("右手", "右手"),
    "missing": ("缺失", "値なし"),
    "zeroed": ("归零", "ゼロ"),
    "bad rotation": ("旋转无效", "不正な回転"),
    "frozen": ("冻结", "静止"),
    "teleport": ("瞬移", "飛び"),
    "untracked": ("未追踪", "未追跡"),
    "position": ("位置", "位置"),
    "rotation": ("旋转", "回転"),
}
"""What stands in the braces and is words, too."""

SENTENCES = {**FOUND, **READ, **DONE, **ENGINE, **REFUSED, **PARTS}
"""English -> Chinese, Japanese."""
