"""The longer words of the user interface, tooltips and notes, in other languages."""

TOOLTIPS = {
    "0 is the mean motion, others are draws from the likely ones": (
        "0 为平均动作，其余为从可能动作中抽取的样本",
        "0 は平均の動き、ほかは起こりうる動きから抜き出したもの",
    ),
    "0: what SAGE predicts. 1: refined, so that head and hands are met exactly and feet stand firmly. "
    "Between: every joint goes that part of the way": (
        "0：SAGE 的原始预测。1：优化后的动作，头和手精确吻合，双脚站稳。介于两者之间：每个关节走相应比例的路程",
        "0：SAGE の予測のまま。1：精密化され、頭と手が正確に合い、足がしっかり立つ。その間：各関節がその割合だけ動く",
    ),
    "A GPU where there is one": ("有 GPU 时使用 GPU", "GPU があればそれを使う"),
    "A Python of yours, 3.11 or newer, that has torch, numpy, scipy and safetensors": (
        "您自己的 Python（3.11 或更新），需装有 torch、numpy、scipy 和 safetensors",
        "torch、numpy、scipy、safetensors の入った手持ちの Python（3.11 以降）",
    ),
    "A prediction is running; Esc stops it": ("正在预测；按 Esc 停止", "予測中です。Esc で停止します"),
    "Address of a package index that has torch for your GPU; empty: chosen by itself": (
        "提供适合您 GPU 的 torch 的软件包索引地址；留空则自动选择",
        "GPU に合う torch を置くパッケージインデックスのアドレス。空なら自動で選ぶ",
    ),
    "Allow online access in Preferences > System > Network first": (
        "请先在 偏好设置 > 系统 > 网络 中允许联网",
        "先にプリファレンス > システム > ネットワークでオンラインアクセスを許可してください",
    ),
    "Angles about three axes, as most game engines and other programs edit them": (
        "绕三个轴的角度，多数游戏引擎和其他软件如此编辑",
        "三つの軸まわりの角度。多くのゲームエンジンやほかのソフトはこれで編集する",
    ),
    "Animated object that moves as the headset": ("作为头显运动的动画物体", "ヘッドセットとして動くオブジェクト"),
    "Animated object that moves as the left controller": (
        "作为左控制器运动的动画物体",
        "左コントローラーとして動くオブジェクト",
    ),
    "Animated object that moves as the right controller": (
        "作为右控制器运动的动画物体",
        "右コントローラーとして動くオブジェクト",
    ),
    "Bring recordings of a headset and two controllers into the scene as animated empties": (
        "把头显和两个控制器的录制作为动画空物体导入场景",
        "ヘッドセットと二つのコントローラーの記録を、動くエンプティとしてシーンに読み込む",
    ),
    "Centimetres of uncertainty below which the body has its calm colour": (
        "不确定性低于此厘米数时，身体显示平静的颜色",
        "不確かさがこの cm 未満なら体は落ち着いた色になる",
    ),
    "Centimetres of uncertainty from which on the colour is the last of the ramp": (
        "不确定性达到此厘米数时，显示色带的最后一种颜色",
        "不確かさがこの cm 以上なら色はランプの最後の色になる",
    ),
    "Choose the object that moves as the head": ("请选择作为头部的物体", "頭として動くオブジェクトを選んでください"),
    "Colour the avatar by how sure it is": ("按可信程度给虚拟人着色", "確かさに応じてアバターに色を付ける"),
    "Delete the engine's environment and what was downloaded for it": (
        "删除引擎的环境以及为其下载的文件",
        "エンジンの環境と、そのためにダウンロードしたものを消す",
    ),
    "Download torch and what else predicts motions into an environment of its own (0.3 to 3 GB)": (
        "把 torch 及预测动作所需的其他组件下载到独立环境中（0.3 到 3 GB）",
        "torch など動きの予測に要るものを専用の環境にダウンロードする（0.3～3 GB）",
    ),
    "Find it out from the file": ("从文件中判断", "ファイルから判断する"),
    "Find the person's size, the floor and how the hands hold the controllers": (
        "求出人的身材、地面以及双手握持控制器的方式",
        "人の体格、床、手によるコントローラーの持ち方を求める",
    ),
    "First frame of the range to solve again": ("要重新求解范围的第一帧", "解き直す範囲の最初のフレーム"),
    "For film pipelines": ("用于电影制作流程", "映画制作のパイプライン向け"),
    "For game engines and other animation programs": (
        "用于游戏引擎和其他动画软件",
        "ゲームエンジンやほかのアニメーションソフト向け",
    ),
    "For the web and game engines (.glb)": ("用于网页和游戏引擎 (.glb)", "ウェブとゲームエンジン向け (.glb)"),
    "Go to the frame at which the body as a whole is least sure": (
        "跳到整个身体最不确定的帧",
        "体全体が最も不確かなフレームへ移動する",
    ),
    "Height of the floor in the scene": ("场景中地面的高度", "シーンでの床の高さ"),
    "How the bones' rotations are keyed; what is keyed already is converted": (
        "骨骼旋转的关键帧方式；已有的关键帧会被转换",
        "ボーンの回転をどうキーにするか。すでにあるキーは変換される",
    ),
    "How the hands hold what was recorded of them": (
        "双手如何握持被录制的设备",
        "記録された機器を手がどう持っているか",
    ),
    "How three angles multiply, from left to right: YXZ is what Unity and A-Frame mean": (
        "三个角度从左到右的相乘顺序：Unity 和 A-Frame 为 YXZ",
        "三つの角度を左から右へ掛ける順。Unity と A-Frame は YXZ",
    ),
    "Import a recording or use animated objects first": (
        "请先导入录制或使用动画物体",
        "先に記録をインポートするかオブジェクトを選んでください",
    ),
    "Last frame of the range to solve again": ("要重新求解范围的最后一帧", "解き直す範囲の最後のフレーム"),
    "Let joints of your own SMPL body bulge and fold as its file says, by driven shape keys: "
    "true to the model, but playback becomes many times slower": (
        "按您的 SMPL 文件，用带驱动的形态键让关节鼓起和弯折：忠于模型，但播放会慢很多倍",
        "手持ちの SMPL ファイルどおりに、ドライバー付きシェイプキーで関節をふくらませ折り曲げる。"
        "モデルに忠実だが再生は何倍も遅くなる",
    ),
    "Let the scene end with the longest recording": (
        "让场景在最长的录制结束时结束",
        "最も長い記録の終わりをシーンの終わりにする",
    ),
    "Name of the column with the time; empty: guess": (
        "时间所在列的名称；留空则猜测",
        "時刻の列の名前。空なら推測する",
    ),
    "Name of the column; leave W empty where the rotation is three angles": (
        "列名；旋转为三个角度时 W 留空",
        "列の名前。回転が三つの角度なら W は空にする",
    ),
    "No gimbal lock: what is predicted, exactly": ("没有万向锁：与预测完全一致", "ジンバルロックなし。予測そのまま"),
    "One more plausible motion, kept beside the others": (
        "再生成一个合理的动作，与其他并存",
        "もう一つのもっともらしい動きを、ほかと並べて残す",
    ),
    "Only the chosen frames, blended into the take that is shown": (
        "只求解所选的帧，并融入当前显示的版本",
        "選んだフレームだけを解き、表示中のテイクになじませる",
    ),
    "OpenVR's raw pose of a Vive wand": ("OpenVR 中 Vive 手柄的原始姿态", "OpenVR の Vive ワンドの生の姿勢"),
    "OpenVR's raw pose of an Index controller": (
        "OpenVR 中 Index 控制器的原始姿态",
        "OpenVR の Index コントローラーの生の姿勢",
    ),
    "OpenXR and WebXR grip pose": ("OpenXR 和 WebXR 的握持姿态", "OpenXR と WebXR のグリップ姿勢"),
    "Other seeds give other takes": ("不同的种子给出不同的版本", "シードが違えばテイクも違う"),
    "Pointing pose of Quest and Rift controllers": (
        "Quest 和 Rift 控制器的指向姿态",
        "Quest と Rift のコントローラーの指し示す姿勢",
    ),
    "Predict a motion first": ("请先预测动作", "先に動きを予測してください"),
    "Predict a motion to see how sure it is": ("预测动作后可查看其可信度", "動きを予測すると確かさが表示されます"),
    "Predict the whole body from head and hands as they move in the scene now. Esc stops it": (
        "根据头和手在场景中的当前运动预测全身。按 Esc 停止",
        "シーンでの頭と手の今の動きから全身を予測する。Esc で停止",
    ),
    "Put every take on an NLA track of its own, the shown one unmuted": (
        "把每个版本放到各自的 NLA 轨道上，只有显示的版本不静音",
        "各テイクを別々の NLA トラックに置き、表示中のものだけミュートを外す",
    ),
    "Read all tables with the same header so from now on, here and on the command line": (
        "今后表头相同的表格都这样读取，命令行中亦然",
        "同じ見出しの表を今後すべてこう読む。コマンドラインでも同様",
    ),
    "Rings on the floor and markers in the action show when feet stand": (
        "地面上的圆环和动作中的标记显示双脚何时站立",
        "床の輪とアクションのマーカーが、足が立っている時を示す",
    ),
    "SMPL's parameters, for research": ("SMPL 参数，供研究使用", "SMPL のパラメーター。研究向け"),
    "SMPL's shape parameters of the avatar": ("虚拟人的 SMPL 形状参数", "アバターの SMPL 形状パラメーター"),
    "Samples a second of a table without times; 0: guess": (
        "没有时间列的表格每秒的样本数；0 表示猜测",
        "時刻のない表の毎秒サンプル数。0 なら推測する",
    ),
    "Say which columns of the table are what, beginning with what is guessed": (
        "从猜测开始，指定表格各列的含义",
        "推測をもとに、表のどの列が何かを指定する",
    ),
    "See whether the chosen Python can run the engine": (
        "检查所选的 Python 能否运行引擎",
        "選んだ Python でエンジンが動くか確かめる",
    ),
    "Set the height of the floor instead of finding it": ("自行设定地面高度而不求解", "床の高さを求めずに指定する"),
    "Set the person's height instead of finding it": ("自行设定身高而不求解", "身長を求めずに指定する"),
    "Start a new person whose head and hands are any animated objects: choose them in the panel": (
        "新建一个人物，其头和手为任意动画物体：在面板中选择",
        "任意の動くオブジェクトを頭と手とする人物を作る。パネルで選ぶ",
    ),
    "Stop installing; what was downloaded is kept for the next time": (
        "停止安装；已下载的内容留待下次使用",
        "インストールを止める。ダウンロード済みのものは次回に使う",
    ),
    "Take the person from the list; their objects stay in the scene": (
        "从列表中移除人物；其物体留在场景中",
        "人物を一覧から除く。オブジェクトはシーンに残る",
    ),
    "The avatar's body file has some": ("该虚拟人的身体文件中有姿态修正", "アバターの体のファイルに補正がある"),
    "The body file that the avatar was made from": ("生成虚拟人所用的身体文件", "アバターの元になった体のファイル"),
    "The body's pose correctives are left out: they make playback many times slower": (
        "未使用此身体的姿态修正：它们会使播放慢很多倍",
        "この体の姿勢補正は使っていません。再生が何倍も遅くなるためです",
    ),
    "The environment that Threepoint makes in Blender's user folder": (
        "Threepoint 在 Blender 用户文件夹中建立的环境",
        "Threepoint が Blender のユーザーフォルダーに作る環境",
    ),
    "The handles of the sabers in a replay": ("回放中光剑的剑柄", "リプレイのセイバーの柄"),
    "The interpreter of an existing Python": ("现有 Python 的解释器", "既存の Python のインタープリター"),
    "The most plausible motion": ("最合理的动作", "最ももっともらしい動き"),
    "The names that the avatar's bones have here": ("虚拟人的骨骼在此处的名称", "アバターのボーンのここでの名前"),
    "The objects already are the head and wrist joints of a body": (
        "这些物体已经是身体的头部和手腕关节",
        "オブジェクトはすでに体の頭と手首の関節である",
    ),
    "The person that the buttons work on": ("按钮所作用的人物", "ボタンの対象となる人物"),
    "The person's height": ("人物的身高", "人物の身長"),
    "The processor: slower, always there": ("处理器：较慢，但始终可用", "プロセッサー。遅いが必ずある"),
    "The skeleton's motion alone": ("只有骨架的动作", "骨格の動きだけ"),
    "The take that is shown, predicted again with this strength of refinement": (
        "以此优化程度重新预测当前显示的版本",
        "表示中のテイクをこの精密化の度合いで予測し直す",
    ),
    "The take that the avatar plays": ("虚拟人播放的版本", "アバターが再生するテイク"),
    "The wrist joint of a tracked hand": ("被追踪手的腕关节", "トラッキングされた手の手首の関節"),
    "This Blender was started offline": ("此 Blender 以离线模式启动", "この Blender はオフラインで起動されています"),
    "This body's file has no pose correctives": ("此身体文件没有姿态修正", "この体のファイルに姿勢補正はありません"),
    "What positions are measured in": ("位置的单位", "位置の単位"),
    "What the avatar's bones are called": ("虚拟人骨骼的名称", "アバターのボーンの名前"),
    "What the bones are called in the file": ("骨骼在文件中的名称", "ファイルでのボーンの名前"),
    "What the last calibration found, a line each": (
        "上次校准的结果，每行一条",
        "前回のキャリブレーションの結果、一行ずつ",
    ),
    "What the reader repaired, dropped or guessed, a line each": (
        "读取时修复、丢弃或猜测的内容，每行一条",
        "読み込みで直したもの、捨てたもの、推測したもの、一行ずつ",
    ),
    "What the recording says of its device, else the grip pose": (
        "以录制所述的设备为准，否则为握持姿态",
        "記録が示す機器に従い、なければグリップ姿勢",
    ),
    "What the time column counts; a tick is 100 ns": (
        "时间列的单位；一个 tick 为 100 ns",
        "時刻の列の単位。1 tick は 100 ns",
    ),
    "What three angles of a rotation are measured in": ("旋转三个角度的单位", "回転の三つの角度の単位"),
    "Where the networks run": ("神经网络在何处运行", "ネットワークを動かす場所"),
    "Which way the axes point: openxr +Y up -Z forward, unity left-handed +Y up +Z forward, unreal "
    "left-handed +Z up +X forward, ros +Z up +X forward, z_up +Z up +Y forward": (
        "坐标轴方向：openxr +Y 向上 -Z 向前，unity 左手系 +Y 向上 +Z 向前，unreal 左手系 +Z 向上 +X 向前，"
        "ros +Z 向上 +X 向前，z_up +Z 向上 +Y 向前",
        "軸の向き：openxr は +Y 上 -Z 前、unity は左手系 +Y 上 +Z 前、unreal は左手系 +Z 上 +X 前、"
        "ros は +Z 上 +X 前、z_up は +Z 上 +Y 前",
    ),
    "Write the avatar and its shown take to a file for other programs": (
        "把虚拟人及其显示的版本写入供其他软件使用的文件",
        "アバターと表示中のテイクを、ほかのソフト向けのファイルに書き出す",
    ),
    "Your own SMPL, SMPL-H or SMPL-X file; empty: the free body": (
        "您自己的 SMPL、SMPL-H 或 SMPL-X 文件；留空则用免费身体",
        "手持ちの SMPL、SMPL-H、SMPL-X のファイル。空なら無償の体",
    ),
    "thigh.L, shin.L, ... as in Rigify's human metarig": (
        "thigh.L、shin.L 等，与 Rigify 的人体元骨架相同",
        "thigh.L、shin.L など。Rigify の人体メタリグと同じ",
    ),
}
"""English -> Chinese, Japanese."""
