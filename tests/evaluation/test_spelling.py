"""Words as symbols: which are read, what they spell, and whose they are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent import files
from recurrent.data.words.spelling import to_symbols, to_text, words_for, words_of
from recurrent.errors import PipelineError
from tests.data.texts import encoded, some_text
from tests.evaluation.words import WORDS, chinese, in_words, numbered, pieces

LISTS = [
    numbered(),
    numbered("ab", "bc", "cd"),
    numbered("ab", "abc", "abcd"),
    numbered("abcd", "bcd", "cd", "dab"),
    numbered("aa", "aaa", "aaaaa"),
    numbered("bab", "ab", "ba", "abba"),
]
WORD_LISTS = st.one_of(
    st.sampled_from(LISTS),
    st.lists(st.text("abcd", min_size=2, max_size=4), unique=True, max_size=8).map(
        lambda words: numbered(*words)
    ),
)
# Of letters and of pieces in which several words begin at one place.
TEXTS = st.lists(st.sampled_from([*"abcd", "ab", "abcd", "dabcd", "aaaaa", "abbab"])).map("".join)


class TestSymbols:
    @given(TEXTS, WORD_LISTS)
    def test_symbols_spell_the_text(self, text: str, words: dict[str, str]) -> None:
        assert to_text(to_symbols(text, words), words) == text

    @given(TEXTS, WORD_LISTS)
    def test_at_each_place_the_longest_word_wins(self, text: str, words: dict[str, str]) -> None:
        for place, piece in pieces(to_symbols(text, words), words):
            fitting = [word for word in words.values() if text.startswith(word, place)]
            assert piece == max(fitting, key=len, default=text[place])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("分开", "1"),
            ("不分开", "0"),
            ("分开不", "1不"),
            ("不分分开", "不分1"),
            ("分不开", "分不开"),
            ("分开了", "2"),
            ("不分开了", "0了"),
            ("", ""),
        ],
    )
    def test_a_word_is_read_as_one_where_all_of_it_is_there(self, text: str, expected: str) -> None:
        words = numbered("不分开", "分开", "分开了")
        for number, symbol in enumerate(words):
            expected = expected.replace(str(number), symbol)
        assert to_symbols(text, words) == expected

    @given(st.text(max_size=40))
    def test_without_words_a_text_is_its_own_symbols(self, text: str) -> None:
        assert to_symbols(text, {}) == text
        assert to_text(text, {}) == text


class TestWordsOf:
    def test_a_dataset_of_words_has_them_beside_it(self, tmp_path: Path) -> None:
        data = in_words(tmp_path, chinese())
        folder = tmp_path / "encoded"
        folder.mkdir()
        data.save(folder)
        assert words_of(folder) == data.words != {}

    def test_a_dataset_of_characters_has_none(self, tmp_path: Path) -> None:
        encoded(tmp_path, some_text(200)).save(tmp_path)
        assert words_of(tmp_path) == {}

    def test_a_dataset_that_is_not_encoded_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineError, match=r"small: .*not encoded yet.*dvc repro") as fault:
            words_of(tmp_path / "small")
        assert fault.value.where == str(tmp_path / "small")

    def test_they_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        files.write_json(tmp_path / "words.json", numbered("我们", "中国"))
        assert words_of(tmp_path) == numbered("我们", "中国")


class TestWordsFor:
    """A trained model, and the dataset as it is now."""

    def saved(self, folder: Path, text: str) -> dict[str, str]:
        data = in_words(folder, text)
        data.save(folder)
        return data.words

    def vocabulary(self, folder: Path) -> list[str]:
        return [*files.read_json(folder / "dataset.json")["vocabulary"]]

    def test_they_are_those_that_it_was_trained_on(self, tmp_path: Path) -> None:
        words = self.saved(tmp_path, chinese())
        assert words_for(self.vocabulary(tmp_path), tmp_path) == words != {}

    def test_a_model_of_characters_needs_no_dataset(self, tmp_path: Path) -> None:
        assert words_for([*"分开"], tmp_path / "nowhere") == {}

    def test_other_words_than_those_are_refused(self, tmp_path: Path) -> None:
        self.saved(tmp_path, chinese())
        trained = self.vocabulary(tmp_path)
        self.saved(tmp_path, chinese().replace("中国", "国"))
        with pytest.raises(PipelineError, match=r"trained on words.*no longer has.*dvc repro"):
            words_for(trained, tmp_path)

    def test_words_of_a_dataset_that_is_gone_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineError, match=r"gone: .*trained on words.*dvc repro"):
            words_for([*"分开", *WORDS], tmp_path / "gone")
