package text

import (
	"strings"
	"testing"
)

// tails are what programs put below a text, by the rule that recognises them. Nothing of them is the author's.
var tails = map[string][]string{
	"a date and an address in brackets attribute a quotation in any language": {
		"Am 12.03.24 um 10:11 schrieb Erika Beispiel <erika@beispiel.example>:\n> Hi",
		"Am Di., 12. März 2024 um 10:11 Uhr schrieb Erika Beispiel <erika@beispiel.example>:\n\n> Hi\n>\n> wo?",
		"Am Di., 12. März 2024 um 10:11 Uhr schrieb Erika Beispiel <\nerika@beispiel.example>:\n\n> Hi",
		"Am Dienstag, 12. März 2024 um 10:11:12 MEZ hat Erika Beispiel <erika@beispiel.example> Folgendes geschrieben: \n\n Hi\n wo?",
		"Am Dienstag, 12. März 2024 10:11 CET, schrieb Erika Beispiel <erika@beispiel.example>:\n\nHi",
		"Am 12.03.2024 um 10:11 schrieb\nErika Beispiel via Liste\n<erika@beispiel.example>:\n\nHi",
		"Erika Beispiel <erika@beispiel.example> schrieb am Di., 12. März 2024,\n10:11:\n\n> Hi",
		"Erika Beispiel <erika@beispiel.example> schrieb am Di., 12.\nMärz 2024, 10:11:\n\n> Hi",
		"Erika Beispiel <erika@beispiel.example> hat am 12.03.2024 10:11 CET geschrieben:\n\n\nHi",
		"Auf 12/03/2024 10:11, erika@beispiel.example schrieb:\n> Hi",
		"On Tue, Mar 12, 2024 at 10:11 AM Erika Beispiel <erika@beispiel.example> wrote:\n\n> Hi",
		"On Tue, Mar 12, 2024 at 10:11 AM Erika Beispiel <erika@beispiel.example>\nwrote:\n\n> Hi",
		"On Tue, Mar 12, 2024 at 10:11 AM, Erika Beispiel <\n416ffd3258d4d2fa4c85cfa4c44e1721d66e3e8f4@beispiel.example>\nwrote:\n\nHi",
		"On 12 Mar 2024, 10:11 +0100, Erika Beispiel <erika@beispiel.example>, wrote:\n> Hi",
		"On Tuesday, 12 March 2024 at 10:11, Erika Beispiel <erika@beispiel.example> wrote:\n\nHi\n\nwo?",
		"On 12-Mar-2024, at 10:11 AM, Erika Beispiel <erika@beispiel.example> sent:\n\n> Hi",
		"On Tue, Mar 12, 2024 at 10:11 AM -0800, \"Beispiel\" <erika@beispiel.example> wrote:\n\nHi Marta,\nwo?",
		"On Tue, Mar 12, 2024 at 10:11 AM, <erika@beispiel.example> wrote:\n\n> Hi",
		"On Tue, 12 Mar 2024 10:11:12 -0200 Erika <erika@beispiel.example> wrote\n\nHi",
		"In a message dated 3/12/2024 10:11:12 A.M. Eastern Daylight Time, erika@beispiel.example writes:\n\nHi",
		"2024-03-12 10:11 GMT+01:00 Erika Beispiel <erika@beispiel.example>:\n\n> Hi",
		"2024-03-12 10:11 GMT+01:00 Erika Beispiel <\nerika@beispiel.example>:\n\n> Hi",
		"2024/3/12 Erika Beispiel <erika@beispiel.example>\n\n> Hi",
		"2024/3/12 Erika Beispiel <erika@beispiel.example>\n\nHi",
		"12.03.2024, 10.11, \"Erika\" <erika@beispiel.example>:\n\nHi",
		"12.03.2024 10:11:12 Erika <erika@beispiel.example>:\nHi",
		"Tuesday, 12 March 2024, 3:32 PM +0300 from erika@beispiel.example <erika@beispiel.example>:\n\nHi",
		"Le mar. 12 mars 2024 à 10:11, Erika Beispiel <erika@beispiel.example> a écrit :\n\n> Salut",
		"Le mardi 12 mars 2024 à 10:11, Erika Beispiel <erika@beispiel.example<mailto:erika@beispiel.example>> a écrit:\n\nSalut",
		"Le 12 mars 2024 à 10:11, Erika Beispiel <\nerika@beispiel.example> a écrit :\n\nSalut",
		"Il giorno mar 12 mar 2024 alle ore 10:11 Erika Beispiel <\nerika@beispiel.example> ha scritto:\n\n> Ciao",
		"Il 12/03/2024 10:11, Erika Beispiel ha scritto:\n> Ciao",
		"Op di 12 mrt 2024 om 10:11 schreef Erika Beispiel <erika@beispiel.example>:\n\n> Hoi",
		"Op 12-mrt.-2024, om 10:11 heeft Erika Beispiel <erika@beispiel.example> het volgende geschreven:\n\nHoi",
		"Op 12-03-2024 10:11 schreef Erika Beispiel <erika@beispiel.example>:\n\nHoi",
		"W dniu 12 marca 2024 10:11 użytkownik Erika Beispiel <erika@beispiel.example>\nnapisał:\n\nCześć",
		"wt., 12 mar 2024 o 10:11 Erika Beispiel <erika@beispiel.example> napisał(a):\n\n> Cześć",
		"Dnia 12 marca 2024 10:11 Erika Beispiel <erika@beispiel.example> napisał(a):\n> Cześć",
		"W dniu 12.03.2024 o 10:11, Erika Beispiel pisze:\n> Cześć",
		"Den tis 12 mars 2024 kl 10:11 skrev Erika Beispiel <erika@beispiel.example>:\n\n> Hej",
		"tis 12 mars 2024 kl. 10:11 skrev Erika Beispiel <erika@beispiel.example>:\n\n> Hej",
		"12 mars 2024 kl. 10:11 skrev Erika Beispiel <erika@beispiel.example>:\n\nHej",
		"Den 12 mars, 2024 10:11:12, Erika Beispiel (erika@beispiel.example) skrev:\n\nHej",
		"Den tirs. 12. mar. 2024 kl. 10.11 skrev Erika Beispiel <\nerika@beispiel.example>:\n\n> Hej",
		"tir. 12. mar. 2024 kl. 10:11 skrev Erika Beispiel <erika@beispiel.example>:\n\n> Hei",
		"På 12 mars 2024 på 10:11:12, Erika Beispiel (erika@beispiel.example) skrev:\n\nHei",
		"Em ter., 12 de mar. de 2024 às 10:11, Erika Beispiel <erika@beispiel.example> escreveu:\n\n> Oi",
		"Erika Beispiel <erika@beispiel.example> escreveu no dia terça, 12/03/2024 à(s) 10:11:\n\n> Oi",
		"El mar, 12 mar 2024 a las 10:11, Erika Beispiel (<erika@beispiel.example>) escribió:\n\n> Hola",
		"El 12 mar 2024, a las 10:11, Erika Beispiel <erika@beispiel.example> escribió:\n\nHola",
		"út 12. 3. 2024 v 10:11 odesílatel Erika Beispiel <erika@beispiel.example> napsal:\n\n> Ahoj",
		"Dne 12. 03. 24 v 10:11 Erika Beispiel napsal(a):\n> Ahoj",
		"Erika Beispiel <erika@beispiel.example>, 12 Mar 2024 Sal, 10:11 tarihinde şunu yazdı:\n\n> Selam",
		"вт, 12 мар. 2024 г. в 10:11, Erika Beispiel <erika@beispiel.example>:\n\n> Привет",
		"Вторник, 12 марта 2024, 10:11 +03:00 от Erika Beispiel <erika@beispiel.example>:\n\nПривет",
		"12 марта 2024 г., в 10:11, Erika Beispiel <erika@beispiel.example> написал(а):\n\n> Привет",
		"12.03.2024 10:11, Erika Beispiel пишет:\n> Привет",
		"2024年3月12日(火) 10:11 Erika Beispiel <erika@beispiel.example>:\n> こんにちは",
		"2024/03/12 10:11、Erika Beispiel <erika@beispiel.example>のメール:\n\n> こんにちは",
		"在 2024年3月12日，上午10:11，Erika Beispiel <erika@beispiel.example> 写道：\n\n> 你好",
		"Erika Beispiel <erika@beispiel.example> 于2024年3月12日周二 10:11写道：\n\n> 你好",
		"2024년 3월 12일 (화) 오전 10:11, Erika Beispiel <erika@beispiel.example>님이 작성:\n\n> 안녕",
		"Erika Beispiel <erika@beispiel.example> ezt írta (időpont: 2024. márc. 12., K, 10:11):\n\n> Szia",
		"ti 12. maalisk. 2024 klo 10.11 Erika Beispiel (erika@beispiel.example) kirjoitti:\n\n> Moi",
		"Vào 10:11 12 tháng 3, 2024, Erika Beispiel <erika@beispiel.example> đã viết:\n\n> Chào",
		"În mar., 12 mar. 2024 la 10:11, Erika Beispiel <erika@beispiel.example> a scris:\n\n> Salut",
		"11:00 AM, March 12, 2024, \"Erika - Beispiel\" <erika@beispiel.example>:\n\nHi",
		"In data 12 marzo 2024 10:11:31 \"Erika - Beispiel\" <erika@beispiel.example> ha scritto:\n\nCiao",
		"El El mar, 12 de marzo de 2024 a la(s) 9:21 a.m., Erika Beispiel <erika@beispiel.example> escribió:",
		"Wiadomość napisana przez Erika erika@beispiel.example w dniu 12.03.2024, o godz. 11:09:\nCześć",
		"W dniu 2024-03-12 10:11, erika@beispiel.example pisze: \n\nCześć",
		"في الخميس، ١٣ يونيو ٢٠٢٤، ٦:٣٠ م Erika <[erika@beispiel.example](mailto:erika@beispiel.example)> كتب:  \n\n\nأهلا",
		"2024. 3. 12. 오후 12:39 Erika <erika@beispiel.example> 작성:\n\n안녕",
		"2024/03/12 14:26、Erika <erika@beispiel.example> のメッセージ:\n\nこんにちは",
		"12 грудня 2023 р. о 19:09 <erika@beispiel.example> написав:\n\n> Привіт",
		"- Le 2024-03-12 23:25, Erika Beispiel a écrit :\n> [1]\n>\n> Salut",
		"    On Tuesday, 12 March 2024, 14:46:52 CET, Erika\n <erika@beispiel.example> wrote:\n\n Hi\nwo?",
		"On Thu, 31 Mar 2024 at 11:16 Erika Beispiel < mailto:Erika Beispiel <erika@beispiel.example> wrote:\n\n\nHi",
		"On Mon, Feb 1, 2024 at 7:50 AM, Erika Beispiel <erika@beispiel.example wrote:\n\nHi",
		"On Wed, Sep 25, 2024, at 03:57 PM, erika_b wrote:\n\n> Hi",
		"Erika via Forum <info@beispiel.example> schrieb:\n>Hi\n>\n>---\n>wo?",
		"2024/7/20 erika via Forum <info@beispiel.example>\n\n> Hi\n> ------------------------------\n>\n> wo?\n> .\n>",
		"Am 12. März 2024 10:11:12 MEZ schrieb Erika Beispiel <erika@beispiel.example>:\n>Hi",
		"Em 12 de março de 2024 às 10:11:35, Erika - Beispiel (\nerika@beispiel.example) escreveu:\n\nOi",
		"ti 12. maaliskuuta 2024 klo 10.11 Erika Beispiel\n<erika@beispiel.example> kirjoitti:\n\nMoi",
		"Στις Τρί, 12 Μαρ 2024, 10:11 π.μ. ο χρήστης Erika erika@beispiel.example έγραψε:\n\nΓεια",
		"Dne út 12. 3. 2024 10:11 uživatel Erika Beispiel <erika@beispiel.example> napsal:\n\nAhoj",
		"Dnia 12 marca 2024 10:11 Erika erika@beispiel.example napisał(a):\nCześć",
		"mar., 12 mar 2024, 10:11 Erika Beispiel <erika@beispiel.example> a scris:\n\nSalut",
		"On Mar 12, 2024, at 14:15, Erika - Beispiel <erika@beispiel.example<\nmailto:erika@beispiel.example>> wrote:\nHi",
		"On Mar 12, 2024, 4:15 PM EB erika@beispiel.example wrote:\n\nHi",
		"erika  schrieb am Di. 12. März 2024 um 10:11:\n\n    Hi",
		"erika@beispiel.example schrieb am Di., 12. März 2024, 10:11:\n\n> Hi",
		"erika@beispiel.example wrote:\n\nHi, I will be late",
		"erika <erika_b@beispiel.example> wrote:\n\nHi, I will be late",
		"Em 12 de mar. de 2024 10:11, erika@beispiel.example escreveu:\n\nOi",
		"On Wed, Jan 4, 2023 12:34 AM, erika@beispiel.example wrote:> Hi\nwo?",
		"في الثلاثاء، 12 مارس 2024 في 10:11 ص تمت كتابة ما يلي بواسطة Erika <erika@beispiel.example>:\n\n> أهلا",
		"‫בתאריך יום ג׳, 12 במרץ 2024 ב-10:11 מאת ‪Erika‬‏ <‪erika@beispiel.example‬‏>:‬\n\n> שלום",
		"Am Di., 12. März 2024, 10:11 hat Erika <erika@beispiel.example> geschrieben:\n\n> Hi",
		"El mié., 12 mar. 2024 10:11, Erika Beispiel <\nerika@beispiel.example> escribió:\n\n> Hola",
	},
	"a name, a word for writing and dashes or a colon attribute one as well": {
		"---- Erika Beispiel wrote ----\n\n\n> Hi\n> wo?",
		"---- Erika Beispiel schrieb ----\n\nHi",
		"-----Erika Beispiel schrieb: -----\nAn: marta@rider.example\nVon: Erika Beispiel\nDatum: 12.03.2024 10:11\nBetreff: Re: U8\n\nHi",
		"---- On Tue, 12 Mar 2024 10:11:12 +0100 erika@beispiel.example wrote ----\n\nHi",
		"------On 12/03/2024 10:11 AM, Erika Beispiel wrote-----\n\nHi",
		"---- Op di, 12 mrt 2024 10:11:12 +0100 Erika Beispiel <erika@beispiel.example> schreef ----\n\nHoi",
		"----- Am 12. Mrz 2024 um 10:11 schrieb Erika Beispiel erika@beispiel.example:\n\n> Hi",
		"--- On Tue, 3/12/24, Erika Beispiel <erika@beispiel.example> wrote:\n\n> Hi",
		"Erika Beispiel/Stadtwerke wrote on 12.03.2024 10:11:12:\n\n> Hi",
		"Erika Beispiel <erika@beispiel.example> wrote:\n> Hi",
		"Sent from Samsung Mobile Erika Beispiel <erika@beispiel.example> wrote:\n\n>\n> Hi",
		"On Tuesday, March 12, 2024, Erika Beispiel wrote:\n\n> Hi",
		"On Thursday, October 25, 2012 at 3:03 PM, life is short. on Erika wrote:\n\n>\n> Hi\n>\n (http://beispiel.example/c/YzOTYzMmE) >\n> wo (http://beispiel.example/c/YzMmE)\n>",
		"On Monday, 24 September, 2012 at 3:46 PM, erika wrote:\n\n> see (http://beispiel.example/action\n_nonce=3dd518)\n>\n",
		"Am 12.3.24 schrieb EB:\nEB> Hi\nEB> wo?",
		"Am 12.3.24 schrieb Erika Beispiel:\n| Hi\n|\n| wo?",
		"Erika Beispiel schrieb:\n> https://beispiel.example/ein/sehr/langer/weg/der/umbrochen\nwird?id=4711\n> Hi",
	},
	"fields of a header with an address, or a sender and a date, begin a quotation in any language": {
		"Von: Erika Beispiel <erika@beispiel.example>\nGesendet: Dienstag, 12. März 2024 10:11\nAn: Marta Muster <marta@rider.example>\nBetreff: Re: U8\n\nHi",
		"________________________________\nVon: Erika Beispiel <erika@beispiel.example>\nGesendet: Dienstag, 12. März 2024 10:11\nAn: Marta\nBetreff: Re: U8\n\nHi",
		"*Von:* Erika Beispiel [mailto:erika@beispiel.example]\n*Gesendet:* Dienstag, 12. März 2024 10:11\n*An:* Marta\n*Betreff:* Re: U8\n\nHi",
		"**Von:** Erika Beispiel\n\n**Gesendet:** Dienstag, 12. März 2024 10:11\n\n**An:** marta@rider.example\n\n**Betreff:** U8\n\nHi",
		"*Von: *Erika Beispiel <erika@beispiel.example>\n*An: *Marta\n*Datum: *12.03.2024\n*Betreff: *U8\n\nHi",
		"  *From:* erika@beispiel.example [mailto:\n  erika@beispiel.example]\n  *Sent:* Tuesday, March 12, 2024 3:05 PM\n  *To:* marta@rider.example\n  *Subject:* Hello\n\nHi",
		"Gesendet: Dienstag, 12. März 2024 um 10:11 Uhr\nVon: \"Erika Beispiel\" <erika@beispiel.example>\nAn: marta@rider.example\nBetreff: U8\n\nHi",
		"Date: Tue, 12 Mar 2024 10:11:12 +0100\nFrom: erika@beispiel.example\nTo: marta@rider.example\nSubject: Re: U8\n\nHi",
		"Date: Tue, 12 Mar 2024 10:11:12 +0100\nTo: marta@rider.example",
		"From: Erika Beispiel\nDate: Tue, 12 Mar 2024 10:11:12 +0100\n\nHi",
		"From: erika@beispiel.example\nSent: March-12-24 5:42 PM\nTo: Somebody\nSubject: U8\n\nHi",
		"From: Human Resources \n<a-really-long-automated-email+1234556@beispiel.example> \nSent: Tuesday, March 12, 2024 4:37 PM\nTo: Marta <marta@rider.example>\nSubject: U8\n\nHi",
		"From: erika@beispiel.example\nSubject: Re:\nTo: marta@rider.example\nDate: Tue, 12 Mar 2024 16:33:36 -0800\n\nHi",
		"========================================\n\nMessage du : 12/03/2024 13:20\nDe : \"Erika\" <erika@beispiel.example>\nA : marta@rider.example\nCopie à : \nSujet :  U8\n\nSalut",
		"      De : Erika Beispiel <erika@beispiel.example>\n À : marta <marta@rider.example>\n Envoyé le : Mardi 12 mars 2024 10h30\n Objet : Re: U8\n\nSalut",
		"From: Erika\nSent: March 12, 2024 2:02 PM\nTo: marta@rider.example\nSubject: Re: [#000] U8\n\nHi",
		"From: Erika Beispiel <erika@beispiel.example<mailto:erika@beispiel.example>>\nReply-To: \"Liste\" <reply+275@beispiel.example<mailto:reply+275@beispiel.example>>\nDate: Tuesday, March 12, 2024 11:44 AM\nTo: Marta\nSubject: U8\n\nHi",
		"From: \"Erika\" <erika@beispiel.example>\n\nDate: Tue, 12 Mar 2024 12:16:06\nTo:<marta@rider.example>\n\n\nSubject: Antw: FW: html\n\n\nHi",
		"Forwarded message:\n\n*From:* Erika <erika@beispiel.example>\n*To:* Marta <marta@rider.example>\n*Date:* Tuesday, March 12, 2024 7:46:53 AM\n*Subject:* Fwd: U8\n\nHi",
		"Forwarded message:\n\n> From: Erika <erika@beispiel.example>\n> To: Marta\n>\n> Hi",
		"-------- Message transféré --------\nSujet :     Re: U8\nDate :  Tue, 12 Mar 2024 12:31:25 +0100\nDe :    Erika <erika@beispiel.example>\nPour :  Marta <marta@rider.example>\n\nSalut",
		"---------- Vidarebefordrat meddelande ----------\nFrån: Erika <erika@beispiel.example>\nDatum: 12 mars 2024 20:13\n\nHej",
		"________________________________\n From: Erika <erika@beispiel.example>\nTo: marta@rider.example\nSent: Thursday, 1 January 1970, 0:00:00\nSubject: Re: U8\n\nHi",
		"发件人: \"\"beispiel.example\"\" <erika@beispiel.example>\n日期: 2024年3月12日 星期二 上午1:04\n收件人: \"\"marta@rider.example\"\" <marta@rider.example>\n主题: U8\n\nHi",
		"من: Erika <erika@beispiel.example>    \nتم الإرسال: Tuesday, March 12, 2024 10:11:22 AM    \nإلى: marta@rider.example <marta@rider.example>    \nالموضوع: U8 \n\nHi",
		"**Gesendet:** Dienstag, 12. März 2024 um 09:43\n\n**Von:**\"Erika\" <erika@beispiel.example>\n\n**An:**\"Marta\" <marta@rider.example>\n\n**Betreff:** U8\n\nHi",
		"**From:** erika@beispiel.example <erika@beispiel.example>**On Behalf Of** Firma\n**Sent:** 12 March 2024 15:46\n**To:** HR Team <hr@beispiel.example>\n**Subject:** U8\n\nHi",
		"---\n\n**From:** erika@beispiel.example <erika@beispiel.example> on behalf of Firma\n**Sent:** Tuesday, March 12, 2024 15:45\n**To:** Marta\n**Subject:** U8\n\nHi",
		"De : Erika Beispiel [mailto:erika@beispiel.example]\nEnvoyé : mardi 12 mars 2024 16:39\nÀ : Marta\nObjet : U8\n\nSalut",
		"De: Erika Beispiel <erika@beispiel.example>\nEnviado: martes, 12 de marzo de 2024 10:11\nPara: Marta <marta@rider.example>\nAsunto: U8\n\nHola",
		"De: Erika Beispiel <erika@beispiel.example>\nEnviada em: terça-feira, 12 de março de 2024 10:11\nPara: Marta\nAssunto: U8\n\nOi",
		"Da: Erika Beispiel <erika@beispiel.example>\nInviato: martedì 12 marzo 2024 10:11\nA: Marta\nOggetto: U8\n\nCiao",
		"Van: Erika Beispiel <erika@beispiel.example>\nVerzonden: dinsdag 12 maart 2024 10:11\nAan: Marta\nOnderwerp: U8\n\nHoi",
		"Fra: Erika Beispiel <erika@beispiel.example>\nSendt: 12. marts 2024 10:11\nTil: Marta Muster <marta@rider.example>\nEmne: U8\n\nHej",
		"Från: Erika Beispiel [mailto:erika@beispiel.example]\nSkickat: den 12 mars 2024 14:45\nTill: Marta\nÄmne: RE: U8\n\nHej",
		"Od: Erika Beispiel <erika@beispiel.example>\nWysłano: wtorek, 12 marca 2024 10:11\nDo: Marta\nTemat: Re: U8\n\nCześć",
		"Od: Erika Beispiel <erika@beispiel.example>\nOdesláno: úterý 12. března 2024 10:11\nKomu: Marta\nPředmět: U8\n\nAhoj",
		"Feladó: Erika Beispiel <erika@beispiel.example>\nElküldve: 2024. március 12. 10:11\nCímzett: Marta <marta@rider.example>\nTárgy: U8\n\nSzia",
		"Kimden: Erika Beispiel <erika@beispiel.example>\nGönderildi: 12 Mart 2024 Salı 10:11\nKime: Marta\nKonu: U8\n\nSelam",
		"От: Erika Beispiel <erika@beispiel.example>\nОтправлено: 12 марта 2024 г. 10:11\nКому: Marta\nТема: U8\n\nПривет",
		"差出人: Erika Beispiel <erika@beispiel.example>\n送信日時: 2024年3月12日 10:11\n宛先: Marta\n件名: U8\n\nこんにちは",
		"发件人： Erika Beispiel <erika@beispiel.example>\n发送时间： 2024年3月12日 10:11\n收件人： Marta\n主题： U8\n\n你好",
		"Saatja: Erika Beispiel <erika@beispiel.example>\nSaadetud: teisipäev, 12. märts 2024 10:11\nAdressaat: Marta <marta@rider.example>\nTeema: U8\n\nTere",
		"Sendandi: Erika <erika@beispiel.example>\nSent: 12. mars 2024\nViðtakandi: Marta\n\nHæ",
		"From: Erika Beispiel <erika@beispiel.example> Sent: Tuesday, March 12, 2024 10:11 AM To: Marta <marta@rider.example> Subject: U8\n\nHi",
	},
	"words for an original message between dashes begin a quotation": {
		"-----Original Message-----\nFrom: Erika\n\nHi",
		"*-------- Original Message --------*\nSubject: U8\n\nHi",
		"-------- Original Message --------\nOn Mar 12, 2024, Erika Beispiel wrote:\n\n> Hi",
		"-------- Ursprüngliche Nachricht --------Von: \"Erika\"  Datum: 12.03.24  18:46  (GMT+01:00) An: Betreff: U8\n\nHi",
		"-------- Message d'origine --------\nDe : Erika <erika@beispiel.example>\nDate : 12/03/24  10:46  (GMT+01:00)\nÀ : marta@rider.example Objet : U8\n\nSalut",
		"‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nHi",
		"-----Antwort Nachricht-----\n\nHi",
		"-----Oprindelig meddelelse-----\n\nHej",
		"-------- Oprindelig besked --------\nFra: Erika\nHej",
		"-----Opprinnelig melding-----\n\nHei",
		"-----Ursprungligt meddelande-----\n\nHej",
		"-----Ursprüngliche Mitteilung-----\nVon: Erika\n\nHi",
		"-------- Weitergeleitete Nachricht --------\nBetreff: U8\n\nHi",
		"-------- Message d'origine --------\nSalut",
		"-------- Message transféré --------\nSalut",
		"-------- Mensaje original --------\nHola",
		"-------- Mensagem original --------\nOi",
		"-------- Messaggio originale --------\nCiao",
		"-------- Oorspronkelijk bericht --------\nHoi",
		"-------- Wiadomość oryginalna --------\nCześć",
		"---------- Původní e-mail ----------\nAhoj",
		"-------- Исходное сообщение --------\nПривет",
		"-------- Пересылаемое сообщение --------\nПривет",
		"-------- Orijinal mesaj --------\nSelam",
		"------------------ 原始邮件 ------------------\n发件人: \"Erika\" <erika@beispiel.example>;\n\n你好",
		"-----元のメッセージ-----\nこんにちは",
		"---------- Forwarded message ---------\nFrom: Erika\n\nHi",
		"Begin forwarded message:\n\n> From: Erika Beispiel <erika@beispiel.example>\n>\n> Hi",
		"Inicio del mensaje reenviado:\n\n> De: Erika Beispiel <erika@beispiel.example>\n>\n> Hola",
		"Début du message transféré :\n\n> De: Erika Beispiel <erika@beispiel.example>\n>\n> Salut",
		"---- Neges Wreiddiol ----\nFrom: Erika <erika@beispiel.example>\nSent: 12 March 2024\n\nHi",
		"##- Please type your reply above this line -##\n\nHi",
	},
	"devices and programs advertise themselves in every language": {
		"Von meinem iPhone gesendet", "Gesendet von meinem Galaxy", "Gesendet mit der GMX Mail App", "Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>", "Gesendet von Yahoo Mail auf Android",
		"Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.", "Hole dir BlueMail für Android", "Von Proton Mail für Mobilgeräte gesendet", "Diese Nachricht wurde mit FairEmail versendet",
		"Gesendet mit Spark", "Holen Sie sich Outlook für iOS<https://aka.ms/o0ukef>", "Mit BlueMail gesendet",
		"Sent from my iPhone", "Sent from my iPhone!", "Sent from Mailbox for iPhone", "Sent from my HTC smartphone!", "Sent wirelessly from my BlackBerry device on the Bell network.", "Sent from Proton Mail for iOS",
		"Sent with Proton Mail secure email.", "Sent with [Proton Mail](https://proton.example/) secure email.", "Get Outlook for iOS<https://aka.ms/o0ukef>", "Get [Outlook for Android](https://aka.ms/AAb9ysg)", "Sent from Yahoo Mail on Android",
		"Sent via the Samsung Galaxy S24, an AT&T 5G smartphone", "Sent from Mail for Windows", "Sent from a magnificent torch of pixels", "[Sent from my iPad]", "_Sent from my iPhone_",
		"Envoyé de mon iPhone", "Envoyé depuis mon iPhone", "Envoyé à partir de Outlook pour iOS<https://aka.ms/o0ukef>", "Envoyé sans fil par mon terminal mobile BlackBerry sur le réseau de Bell.", "Télécharger Outlook pour Android<https://aka.ms/x>",
		"Enviado desde mi iPhone", "Enviado desde mi oficina móvil BlackBerry de Telcel", "Obtener Outlook para Android<https://aka.ms/x>", "Enviado do meu iPhone", "Enviado a partir do Outlook para iOS", "Enviado de Correo para Windows",
		"Inviato da iPhone", "Inviato dal mio Galaxy", "Scarica Outlook per iOS", "Verstuurd vanaf mijn iPhone", "Verzonden vanuit Outlook voor Android", "Verzonden met Spark",
		"Sendt fra min iPad", "Sendt fra Outlook for iOS", "Hent Outlook til Android", "Skickat från min iPhone", "Skaffa Outlook för iOS", "Wysłane z iPhone'a", "Wysłano z telefonu Samsung", "Pobierz aplikację Outlook dla systemu Android",
		"Odesláno z iPhonu", "Odesláno z mobilního telefonu Samsung", "Odoslané z iPhonu", "Lähetetty iPhonesta", "iPhone'umdan gönderildi", "iPhone’dan gönderildi", "Отправлено с iPhone", "Отправлено из мобильной Почты Mail.ru", "Надіслано з iPhone",
		"iPhoneから送信", "发自我的iPhone", "發自我的 iPhone", "从我的iPhone发送", "나의 iPhone에서 보냄", "Trimis de pe iPhone-ul meu", "Elküldve az iPhone-omról",
		"Virenfrei.www.avast.com", "Diese E-Mail wurde von Avast Antivirus-Software auf Viren geprüft.\nwww.avast.com",
		"From My Iphone 6",
		"Sent via mobile",
		"Sent with Airmail",
		"Sent from Windows Mail",
		"Sent from Mailbox",
		"Sent from my TI-85",
		"Sent from my cell, please excuse any typos.",
		"Sent from my HTC M8 Android phone.  Please excuse typoze",
		"Sent from my Windows 8 PC <http://windows.beispiel.example/consumer-preview>",
		"<<sent by galaxy>>",
		"(sent from a phone)",
		"(Sent from mobile device)",
		"從我的 iPhone 傳送",
		"Get Outlook for iOShttps://aka.ms/o0ukef",
		"Von meinem Mobilgerät gesendet",
		"Trimis de pe iPhone‑ul meu",
		"Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.",
		"Mobil gesendet",
		"Unterwegs gesendet",
		"Envoyé de mon mobile",
		"Sent from mobile",
		"Az iPhone-omról küldve",
		"Gesendet mit iPhone",
		"Sent from TypeApp<http://www.typeapp.com/r?b=2621>",
		"Sent from Acompli",
		"Στάλθηκε από το iPhone μου",
		"تم الإرسال من الـ iPhone",
		"נשלח מה-iPhone שלי",
		"Von iPad gesendet",
		"Отправлено из Mail.ru для Android",
		"Get Outlook for Android<https://aka.ms/AAb9ysg>",
		"Enviado desde Correo de Windows 10",
		"Inviato da Posta per Windows",
		"Envoyé à partir de Courrier pour Windows",
		"Verzonden vanuit Mail voor Windows",
		"Skickat från Outlook för Android",
		"Sendt fra E-post for Windows",
	},
	"what follows a closing is a signature, however long": {
		"Mit freundlichen Grüßen\nErika Beispiel\n\nBeispiel GmbH\nMusterstraße 12\n12345 Berlin\nTel.: (030) 1234567\nFax: (030) 1234568\nerika@beispiel.example\nwww.beispiel.example",
		"Mit freundlichen Grüßen\n\nErika Beispiel\nLeiterin Öffentlichkeitsarbeit\n\nVerein der Beispiele e. V.\nMusterstraße 12\n12345 Berlin",
		"Mit freundlichen Grüßen\ni. A. Erika Beispiel\n\nBeispiel AG | Musterstr. 12 | 12345 Berlin\nT +49 30 1234567 | M +49 170 1234567\nGeschäftsführer: Max Muster, Amtsgericht Berlin HRB 1234\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie die Nachricht.",
		"Best regards,\n\nErika Beispiel\nHead of Public Relations\nExample Ltd.\n12 Sample Street\nPhone: +44 20 7946 0123\nerika@beispiel.example",
		"Regards\nErika\n\n---\nErika Beispiel\nExample Ltd\n+1 555-0123",
		"Kind regards\n\n[cid:image001.png@01DA7450.12345678]\nErika Beispiel\nSenior Consultant\nT: +44 20 7946 0123",
		"Thanks,\n___________________\nErika Beispiel\nMarkets Application Production Services  - Reference Data\nDirect: (+00)00-000-0000   Mobile: (+00)000000",
		"Freundliche Grüße\nErika\n\n**Erika Beispiel**,\nImplementation Specialist\n![Zeiterfassung](https://cdn.beispiel.example/x.png?auto=webp)\n\nWillst du dir den Alltag leichter machen? Dann lerne unsere neuesten Funktionen kennen!\nBeispiel Webinare",
		"All the best,\n\nErika\n\n* * *\n\nThis is what stands below all my mails",
		"Kind regards,\n\n\n\nErika Beispiel\n\nHR Administrator\n\n**Beispiel Partnership**\n\n07759129909",
		"Regards,\n\nErika Beispiel\nCEO @ Beispiel !",
		"Kind regards,\n\nErika Beispiel\n\n\n_______________________________________________\nerika@beispiel.example\n+202 5632 56532 35",
		"Phone: 12345\nFax: 67890\nSkype: foobar\n\n---------- Forwarded message ----------\nFrom: Someone <someone@beispiel.example>\nSubject: U8\n\nHi",
		"Hyvästi,\n\nErika\n\nLähetetty iPhonesta",
		"Salud\n\nEl mar, 12 de marzo de 2024 a la(s) 9:21 a.m., Erika <erika@beispiel.example> escribió:",
		"merci d'avance",
		"Bonne fin de journée\n---------- Forwarded message ---------\nDe : Erika\nDate: mar. 12 mars 2024, 08:20\nSubject: U8\nTo:\nSalut",
		"Freundliche Grüsse\n\nerika@beispiel.example schrieb am Mo., 13. Apr. 2026, 09:07:\n\n> Hi",
		"Med Vänlig Hälsning,\nErika B\n070-0000000",
		"Hilsen\nSøren\n\nFra: Erika <erika@beispiel.example>\nSendt: 24. november 2025 09:30\nTil: Søren\nEmne: U8\n\nHej",
		"Με εκτίμηση,\n\nErika",
		"مع أطيب التحيات،\nErika",
		"Cu stimă,\nErika Beispiel",
		"S pozdravom\nErika",
		"Üdv,\nErika",
		"Hej då\nErika",
		"Beste Grüße\ni.V. Erika Beispiel",
		"Herzliche Grüße aus Köln\nErika",
		"Mit besten Grüßen, Erika",
		"Viele liebe Grüße, deine Erika",
		"Cordialement,\nErika Beispiel\nChargée de communication\n12, rue de l'Exemple\n75011 Paris\nTél. : 01 99 00 12 34",
		"Met vriendelijke groet,\n\nErika Beispiel\nVoorbeeld B.V.\nTel. 020 123 4567",
		"Med venlig hilsen\n\nErika Beispiel\nEksempel A/S\nTlf. 12 34 56 78", "Med vennlig hilsen\nErika", "Hilsen\nErika", "Mvh\nErika Beispiel\n070-1234567", "Med vänliga hälsningar,\nErika", "Vänligen,\nErika",
		"Pozdrawiam,\nErika Beispiel", "Z poważaniem\nErika Beispiel\ntel. 22 123 45 67", "S pozdravem\nErika Beispiel", "Atenciosamente,\nErika Beispiel", "Abraços\nErika", "Saludos cordiales\nErika", "Cordiali saluti\nErika Beispiel",
		"Saygılarımla,\nErika Beispiel", "С уважением,\nЭрика Пример\n+7 495 123-45-67", "Ystävällisin terveisin\nErika", "Üdvözlettel,\nErika Beispiel", "よろしくお願いいたします。", "此致\n敬礼\nErika",
		"GLG Erika", "Ciao\nErika", "Tschüss, Erika", "Schönen Tag noch\nErika", "Liebe Grüssli\nErika", "VLG\nErika", "Schönen Abend noch!\n\nErika", "Tschau\nErika", "Bis denne,\nErika", "Cheers 🎉\nErika", "LG 🙂\nErika", "Thanks!\nErika", "BR,\nErika", "Have a nice day\nErika",
		"Ha det fint,\nErika", "Dbejte na sebe,\nErika",
	},
	"numbers, addresses and rules at the end are a signature without a closing": {
		"Erika Beispiel\nerika@beispiel.example\n(030) 1234567\nwww.beispiel.example",
		"Erika Beispiel\nRedaktion\n\nTel: 0170 1234567",
		"Tel: 0170 1234567", "Mobil 0170/1234567", "Tel. +49 (0)30 1234567", "📞 0170 1234567", "+49 170 1234567", "Handy: 0170-1234567", "erika@beispiel.example", "E-Mail: erika@beispiel.example", "Erika Beispiel, 0170 1234567", "Erika Beispiel <erika@beispiel.example>",
		"—————\nErika Beispiel\nProduktleitung\n📧 erika@beispiel.example\n📱 +49 170 1234567",
		"____\nErika Beispiel\nProduktleitung\n📧 erika@beispiel.example",
		"****\nErika Beispiel\nTel. 030 1234567",
		"——\nErika Beispiel",
		"—\nErika Beispiel\nLeitung bei Beispiel\n\n@beispiel",
		"~~~~~~~~\nErika Beispiel\nRedaktion Beispiel",
		"---\nErika Beispiel", "==========\nErika Beispiel\nRedaktion",
		"-Erika Beispiel", "- Erika", "— Erika", "—Erika Beispiel", "-erika", "-Erika.", "/Erika", "~ Erika",
		"-Erika Beispiel\n\n\n________________________________\nlinie mailing list\nlinie@lists.example\nhttp://lists.example/mailman/listinfo/linie",
		"________________________________\nlinie mailing list\nlinie@lists.example\nhttp://lists.example/listinfo/linie",
		"-- \nYou received this message because you are subscribed to the Google Groups \"linie\" group.\nTo unsubscribe, mail to linie+unsubscribe@lists.example.",
		"This e-mail and any attachments are confidential and intended only for the addressee.\nIf you are not the intended recipient, delete it.",
		"Please consider the environment before printing this e-mail.",
		"--Erika Beispiel", "*Erika Beispiel*\n*Redaktion*\nTel. 030 1234567",
		"Erika Beispiel | Beispiel GmbH | Musterstraße 12 | 12345 Berlin | Tel. 030 1234567",
	},
}

func TestWhatProgramsAddBelowAReportIsCut(t *testing.T) {
	t.Parallel()
	for rule, list := range tails {
		for _, tail := range list {
			for _, report := range []string{"Kontrolle U8", "Zwei Kontrolleure in der M10, Richtung Warschauer Str.\nsteigen gerade am Frankfurter Tor ein."} {
				if got := cut(report + "\n\n" + tail + "\n"); got != report {
					t.Errorf("%s:\n%s\n——— became ———\n%s\n", rule, tail, got)
				}
			}
		}
	}
}

func TestWhatFollowsWithoutABlankLineIsCutToo(t *testing.T) {
	t.Parallel()
	for rule, list := range tails {
		if strings.HasPrefix(rule, "numbers") {
			continue // what is right below the text may belong to it
		}
		for _, tail := range list {
			if strings.HasPrefix(tail, "مع") || strings.HasPrefix(tail, "Hyv") || strings.HasPrefix(tail, "Dbejte") || strings.HasPrefix(tail, "Ha det fint") {
				continue // which are no closings in themselves
			}
			if got := cut("Kontrolle U8\n" + tail); got != "Kontrolle U8" {
				t.Errorf("%s:\n%s\n——— became ———\n%s\n", rule, tail, got)
			}
		}
	}
}

func TestAReportInTheLineOfAnAttributionOrAHeaderStays(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"Kontrolle U8 Am 12.03.24 um 10:11 schrieb Erika Beispiel <erika@beispiel.example>:\n> Hi":                                        "Kontrolle U8",
		"Kontrolle U8 On Tue, Mar 12, 2024 at 10:11 AM, Erika Beispiel <erika@beispiel.example> wrote:\n> Hi":                             "Kontrolle U8",
		"Kontrolle U8 On Tue, Mar 12, 2024 at 10:11 AM Erika Beispiel <erika@beispiel.example> wrote: > Hi > wo?":                         "Kontrolle U8",
		"Kontrolle U8 On Tue, Mar 12, 2024 at 10:11 AM, erika@beispiel.example wrote:\n\nHi":                                              "Kontrolle U8",
		"Kontrolle U8--- On Tue, Mar 12, 2024 at 10:11 AM, erika@beispiel.example wrote:\n> Hi":                                           "Kontrolle U8",
		"Kontrolle U8\nbeide - Ausgänge--- On Tue, Mar 12, 2024 at 10:11 AM, erika@beispiel.example wrote:\n> Hi":                         "Kontrolle U8\nbeide - Ausgänge",
		"Kontrolle U8 On Nov 30, 2011, at 12:47 PM, Erika <\n416ffd3258d4d2fa4c85cfa4c44e1721d66e3e8f4\n@beispiel.example>wrote:\n\n> Hi": "Kontrolle U8",
		"Kontrolle U8 -----Original Message-----\nFrom: Erika\nHi":                                                                        "Kontrolle U8",
		"Kontrolle U8 Von: Erika Beispiel <erika@beispiel.example> Gesendet: Dienstag, 12. März 2024 10:11 An: Marta Betreff: U8\nHi":     "Kontrolle U8",
		"Kontrolle U8 Le mar. 12 mars 2024 à 10:11, Erika Beispiel <erika@beispiel.example> a écrit :\n> Salut":                           "Kontrolle U8",
		"Kontrolle U8\nAm 12.03.24 um 10:11 schrieb Erika Beispiel <erika@beispiel.example>:\nHi":                                         "Kontrolle U8",
	})
}

func TestAnAnswerBelowOrBetweenQuotationsStays(t *testing.T) {
	t.Parallel()
	testCut(t, map[string]string{
		"On 8 May 2017 17:34, \"E\" <e@b.example> wrote:\n\nKontrolle U8":                                            "Kontrolle U8",
		"Am 12.03.24 um 10:11 schrieb Erika Beispiel <\nerika@beispiel.example>:\n\nKontrolle U8\nRichtung Wittenau": "Kontrolle U8\nRichtung Wittenau",
		"On 04/19/2011 07:10 AM, Erika Beispiel wrote:\n\n>\n> Hi\nKontrolle U8":                                     "Kontrolle U8",
		"On 04/19/2011 07:10 AM, Erika Beispiel wrote:\n\n>\n> Hi\n\nKontrolle U8\n-- \nErika":                       "Kontrolle U8",
		"> wo?\n\nHermannplatz\n\n> wie viele?\n\n2\n\nLG Erika":                                                     "Hermannplatz\n\n2",
		"Am 12.03.24 um 10:11 schrieb Erika:\n> wo?\nU8\n> Richtung?\nWittenau":                                      "U8\nWittenau",
		"Kontrolle U8\n\nOn Tue, Mar 12, 2024, Erika Beispiel wrote:\n\n> Hi\n\nauch U7":                             "Kontrolle U8\n\nauch U7",
		"2024-03-12 10:11 GMT+01:00 Erika Beispiel <\nerika@beispiel.example>:\n\n> wo?\n\nU8":                       "U8",
		"Kontrolle U8\n\nGesendet von Outlook für Android<https://aka.ms/AAb9ysg>\n\nSie sind noch da!":              "Kontrolle U8\n\nSie sind noch da!",
	})
}

func TestTheNameOfTheAuthorInTheLastLineIsCut(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"Erika Beispiel <e.b@rider.example>", `"Beispiel, Erika" <1@rider.example>`, "erika.beispiel@rider.example", "=?utf-8?q?Erika_Beispiel?= <x@rider.example>"} {
		for _, name := range []string{"Erika", "erika", "Erika B.", "Erika Beispiel", "ERIKA", "E. Beispiel", "- erika", "*Erika*", "Erika :)"} {
			m := parse(t, "From: "+from+"\nTo: zuerich@linienfunk.example\n\nKontrolle U8\n\n"+name+"\n")
			if got := m.Report(); got != "Kontrolle U8" {
				t.Errorf("From: %s: %q became %q", from, name, got)
			}
		}
	}
	for _, text := range []string{"Kontrolle U8\n\nHermannplatz", "Kontrolle U8\n\nErika steht daneben", "Erika"} {
		m := parse(t, "From: Erika Hermann <erika@rider.example>\n\n"+text+"\n")
		if got := m.Report(); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestAHeaderInAnUnknownLanguageIsKnownByTheAddressOfTheCity(t *testing.T) {
	t.Parallel()
	m := parse(t, "From: marta@rider.example\nTo: Zürich <Zuerich@linienfunk.example>\n\nKontrolle U8\n\nKutoka: Erika\nKwa: zuerich@linienfunk.example\nMada: U8\n\nHabari\n")
	if got := m.Report(); got != "Kontrolle U8" {
		t.Errorf("%q", got)
	}
}
