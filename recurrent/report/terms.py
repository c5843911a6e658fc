"""The lectures' own words for what this page speaks of."""

TERMS = (
    ("困惑度", "perplexity", "The exponential of the mean loss: among how many equally likely "
     "characters the model hesitates, as it were."),
    ("门控循环单元", "GRU, gated recurrent unit", "A network whose gates say what of its state is "
     "kept and what is written anew."),
    ("长短期记忆", "LSTM, long short-term memory", "A network with a memory cell, along which a "
     "gradient meets nothing but the forget gate."),
    ("双向", "bidirectional", "Reads from both sides: for labels and gaps, not for writing on."),
    ("相邻采样", "adjacent sampling", "Batches follow each other in the text, so that the state "
     "carries over from one to the next."),
    ("梯度爆炸", "gradient explosion", "Going back through time the gradient grows at each step "
     "by a factor above 1."),
    ("梯度消失", "gradient vanishing", "It shrinks at each step by a factor below 1, until what "
     "is far back teaches nothing."),
    ("裁剪梯度", "gradient clipping", "A gradient longer than a threshold is made as long as the "
     "threshold."),
    ("随时间反向传播", "backpropagation through time", "The gradient of an unrolled network, from "
     "the last step to the first."),
    ("词嵌入", "embedding", "A vector for each character or word, learnt with the network."),
)  # fmt: skip
