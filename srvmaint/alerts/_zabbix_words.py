"""Zabbix's words: six severities by number or by name, in the language of the installation, and a problem's two values.

Only words that mean the same wherever they are used, so that none of them can turn a problem into a recovery. What
everybody says is in `_vocabulary`.
"""

from __future__ import annotations

from typing import Final

from srvmaint.alerts import _vocabulary
from srvmaint.model import AlertStatus, Severity

SEVERITIES: Final = ("Not classified", "Information", "Warning", "Average", "High", "Disaster")
"""By number."""
_LEVELS: Final = (
    Severity.INFO,
    Severity.INFO,
    Severity.WARNING,
    Severity.WARNING,
    Severity.CRITICAL,
    Severity.CRITICAL,
)
_NAMES: Final = (
    (
        "not classified,not_classified,notclassified,nicht klassifiziert,non classé,no clasificado,no clasificada,"
        "sin clasificar,não classificada,não classificado,non classificato,не классифицировано,niet geclassificeerd,"
        "niesklasyfikowane,nieklasyfikowany,neklasifikováno,未分类,未分類"
    ),
    "information,información,informação,informazione,информация,informatie,informacja,informace,信息,情報,资讯,資訊",
    (
        "warning,warnung,avertissement,advertencia,aviso,atenção,avviso,attenzione,предупреждение,waarschuwing,"
        "ostrzeżenie,varování,警告"
    ),
    (
        "average,durchschnitt,durchschnittlich,mittel,moyen,moyenne,media,média,promedio,средняя,среднее,gemiddeld,średni,"
        "średnie,průměrná,一般严重,一般嚴重,軽度の障害"
    ),
    "high,hoch,haut,haute,élevé,élevée,alta,alto,высокая,высокое,hoog,wysoki,wysokie,vysoká,严重,嚴重,重度の障害",
    (
        "disaster,katastrophe,desaster,désastre,desastre,disastro,чрезвычайная,чрезвычайное,катастрофа,ramp,katastrofa,"
        "灾难,災難,致命的な障害"
    ),
)
_OF_WORD: Final = {word: number for number, words in enumerate(_NAMES) for word in words.split(",")}
_STATUSES: Final = {
    "1": AlertStatus.FIRING,
    "0": AlertStatus.RESOLVED,
    "acknowledgement": AlertStatus.ACKNOWLEDGED,
    "update": None,
    "updated": None,
    **dict.fromkeys(
        [
            "resolvido",
            "resolvida",
            "resuelto",
            "resuelta",
            "resolu",
            "résolu",
            "gelöst",
            "behoben",
            "risolto",
            "recuperado",
            "решено",
            "решена",
            "восстановлено",
            "восстановление",
            "恢复",
            "已恢复",
            "已解决",
            "復旧",
            "解決",
        ],
        AlertStatus.RESOLVED,
    ),
}


def number_of(word: str) -> int | None:
    """Zabbix's number of a severity; None when the word is none of Zabbix's."""
    lowered = word.strip().lower()
    if len(lowered) == 1 and "0" <= lowered <= "5":
        return int(lowered)
    return _OF_WORD.get(lowered)


def severity(word: str) -> Severity | None:
    """What the word means; None when it is no severity."""
    number = number_of(word)
    return _vocabulary.severity(word) if number is None else _LEVELS[number]


def status(word: str) -> AlertStatus | None:
    """What the word means; None when it says neither problem nor recovery."""
    lowered = word.strip().lower()
    return _STATUSES[lowered] if lowered in _STATUSES else _vocabulary.status(lowered)
