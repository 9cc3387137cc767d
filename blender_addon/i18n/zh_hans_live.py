"""The same in Chinese for live tracking."""

# ruff: noqa: E501

MESSAGES = {
    "waiting for trackers at {place}": "正在 {place} 等待追踪器",
    "trackers come, but which are head, left and right hand is not known: {names}": "收到追踪器，但不知道哪个是头、左手和右手：{names}",
    "measuring the person: {seconds:.0f} s more of moving about": "正在测量此人：请再活动 {seconds:.0f} 秒",
    "{rate:.0f} frames a second, {latency:.0f} ms from tracker to pose": "每秒 {rate:.0f} 帧，从追踪器到姿势 {latency:.0f} 毫秒",
    "nothing has come for {seconds:.0f} s": "已有 {seconds:.0f} 秒没有收到任何数据",
    "more packets come than can be heeded; the newest are taken, {count} were left out": "收到的数据包多得处理不完；只取最新的，略去了 {count} 个",
    "{count} packets were not understood, the last one because it is {reason}": "有 {count} 个数据包无法理解，最后一个的原因：{reason}",
    "the sender's clock jumped by {seconds:.2f} s; frames go on from there": "发送方的时钟跳变了 {seconds:.2f} 秒；从那里继续",
    "this machine is too slow for every frame: {count} were left out": "本机太慢，无法处理每一帧：略去了 {count} 帧",
    "the head's tracker is lost": "头部的追踪器丢失",
    "the body cannot be sent to {place}: {reason}": "无法把身体发送到 {place}：{reason}",
    "the recording is at its end": "录制已到结尾",
    "the last line was cut off as it was written, and is left out": "最后一行在写入时被截断，已略去",
}
