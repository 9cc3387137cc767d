"""The same in Japanese for live tracking."""

# ruff: noqa: E501

MESSAGES = {
    "waiting for trackers at {place}": "{place} でトラッカーを待っています",
    "trackers come, but which are head, left and right hand is not known: {names}": "トラッカーは届いていますが、どれが頭、左手、右手か分かりません：{names}",
    "measuring the person: {seconds:.0f} s more of moving about": "人物を測定中：あと {seconds:.0f} 秒動いてください",
    "{rate:.0f} frames a second, {latency:.0f} ms from tracker to pose": "毎秒 {rate:.0f} フレーム、トラッカーからポーズまで {latency:.0f} ミリ秒",
    "nothing has come for {seconds:.0f} s": "{seconds:.0f} 秒間何も届いていません",
    "more packets come than can be heeded; the newest are taken, {count} were left out": "パケットが多すぎます。最新のものだけを使い、{count} 個を省きました",
    "{count} packets were not understood, the last one because it is {reason}": "{count} 個のパケットを理解できませんでした。最後のものの理由：{reason}",
    "the sender's clock jumped by {seconds:.2f} s; frames go on from there": "送信側の時計が {seconds:.2f} 秒飛びました。そこから続けます",
    "this machine is too slow for every frame: {count} were left out": "このコンピューターは遅すぎます：{count} フレームを省きました",
    "the head's tracker is lost": "頭のトラッカーを見失いました",
    "the body cannot be sent to {place}: {reason}": "体を {place} に送れません：{reason}",
    "the recording is at its end": "記録の終わりです",
    "the last line was cut off as it was written, and is left out": "最後の行は書き込み中に途切れたため省きました",
}
