"""XMP sidecars as other programs write them, in all the forms that RDF allows."""

from __future__ import annotations

DARKTABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
   exif:DateTimeOriginal="2023:07:14 18:22:31.000"
   xmp:Rating="4"
   xmpMM:DerivedFrom="IMG_0042.JPG"
   darktable:import_timestamp="63825042151000000"
   darktable:xmp_version="5"
   darktable:raw_params="0"
   darktable:auto_presets_applied="1"
   darktable:history_end="2"
   darktable:iop_order_version="4">
   <darktable:masks_history>
    <rdf:Seq/>
   </darktable:masks_history>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:enabled="1"
      darktable:modversion="6"
      darktable:params="00000000000080b90000003f00004842000080c0010000000000000000"
      darktable:multi_name=""
      darktable:multi_priority="0"
      darktable:blendop_version="13"
      darktable:blendop_params="gz08eJxjYGBgYAFiCQYYOOHEgAZY0QWAgBGLGANDgz0Ej1Q+dlAx68oBEMbFxwX+AwGIBgCbGCeh"/>
     <rdf:li
      darktable:num="1"
      darktable:operation="filmicrgb"
      darktable:enabled="1"
      darktable:params="gz10eJybNXOSDAM&amp;=="
      darktable:multi_name="evening &lt;warm&gt;"/>
    </rdf:Seq>
   </darktable:history>
   <dc:subject>
    <rdf:Seq>
     <rdf:li>darktable</rdf:li>
     <rdf:li>format</rdf:li>
     <rdf:li>Hund</rdf:li>
    </rdf:Seq>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Seq>
     <rdf:li>darktable|format|jpg</rdf:li>
     <rdf:li>Tiere|Hund</rdf:li>
    </rdf:Seq>
   </lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

DIGIKAM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:acdsee="http://ns.acdsee.com/iptc/1.0/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
   digiKam:PickLabel="0"
   digiKam:ColorLabel="2"
   acdsee:categories="&lt;Categories&gt;&lt;Category&gt;Strand&lt;/Category&gt;&lt;/Categories&gt;">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>Orte/Ostsee</rdf:li>
     <rdf:li>Menschen/J\u00fcrgen M\u00fcller</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <MicrosoftPhoto:LastKeywordXMP>
    <rdf:Bag>
     <rdf:li>Orte/Ostsee</rdf:li>
    </rdf:Bag>
   </MicrosoftPhoto:LastKeywordXMP>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>Orte|Ostsee</rdf:li>
     <rdf:li>Menschen|J\u00fcrgen M\u00fcller</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description
        mwg-rs:Name="J\u00fcrgen M\u00fcller"
        mwg-rs:Type="Face">
       <mwg-rs:Area
        stArea:x="0.51"
        stArea:y="0.4"
        stArea:w="0.1"
        stArea:h="0.2"
        stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Ostsee</rdf:li>
     <rdf:li>J\u00fcrgen M\u00fcller</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()

LIGHTROOM = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:ModifyDate="2024-02-03T10:11:12+01:00"
   xmp:Rating="5"
   tiff:Make='Canon'
   tiff:Model="Canon EOS 5D &quot;Mark&quot; III"
   xmpMM:DocumentID="xmp.did:8b2d0a4e-1c8b-4d4e-9a39-1f0f9f0a1c11"
   dc:format="image/x-canon-cr2"
   crs:Version="16.1"
   crs:WhiteBalance="As Shot"
   crs:Exposure2012="+0.35"
   crs:HasSettings="True">
   <xmpMM:History>
    <rdf:Seq>
     <rdf:li
      stEvt:action="saved"
      stEvt:when="2024-02-03T10:11:12+01:00"
      stEvt:changed="/metadata"/>
    </rdf:Seq>
   </xmpMM:History>
   <dc:title>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Am Meer &amp; danach</rdf:li>
    </rdf:Alt>
   </dc:title>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li>255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
   <crs:Look>
    <rdf:Description
     crs:Name="Adobe Color"
     crs:Amount="1.000000"/>
   </crs:Look>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

SPLIT = b"""<?xml version='1.0' encoding='UTF-8'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 12.57'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>

 <rdf:Description rdf:about='uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b'
  xmlns:dc='http://purl.org/dc/elements/1.1/'>
  <dc:subject>
   <rdf:Bag>
    <rdf:li>holiday</rdf:li>
   </rdf:Bag>
  </dc:subject>
 </rdf:Description>

 <rdf:Description rdf:about='uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b'
  xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'>
  <photoshop:City>L\xc3\xbcbeck</photoshop:City>
 </rdf:Description>

 <rdf:Description rdf:about='uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b'
  xmlns:xmp='http://ns.adobe.com/xap/1.0/'>
  <xmp:Rating>3</xmp:Rating>
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
"""

OTHER_PREFIXES = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
          xmlns:d="http://purl.org/dc/elements/1.1/"
          xmlns:LrMeta="http://ns.adobe.com/lightroom/1.0/"
          xmlns:dk="http://www.digikam.org/ns/1.0/">
  <rdf:Description rdf:about="" d:format="image/jpeg">
   <d:subject><rdf:Bag><rdf:li>Urlaub</rdf:li></rdf:Bag></d:subject>
   <LrMeta:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>Reise|Urlaub</rdf:li>
    </rdf:Bag>
   </LrMeta:hierarchicalSubject>
   <dk:TagsList><rdf:Seq><rdf:li>Reise/Urlaub</rdf:li></rdf:Seq></dk:TagsList>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

# Beyond exiftool: the usual prefixes for something else, and no prefix for what always has one.
SWAPPED_PREFIXES = b"""<meta:xmpmeta xmlns:meta="adobe:ns:meta/">
<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:rdf="http://example.org/not-rdf/"
     xmlns:phototag="http://example.org/not-phototag/">
\t<Description r:about=""
\t\txmlns:d="http://purl.org/dc/elements/1.1/"
\t\txmlns:dc="http://example.org/not-dublin-core/"
\t\tdc:subject="not a list at all"
\t\tphototag:added="not ours">
\t\t<d:subject>
\t\t\t<Bag>
\t\t\t\t<li>Urlaub</li>
\t\t\t</Bag>
\t\t</d:subject>
\t\t<d:creator><Seq><li>Ana</li></Seq></d:creator>
\t\t<rdf:thing>kept</rdf:thing>
\t</Description>
</RDF>
</meta:xmpmeta>
"""

ONE_LINE = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="Red">'
    b"<dc:subject><rdf:Bag><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Bag></dc:subject>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)

REMARKS = b"""<?xml version="1.0"?><!-- made by hand -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <!-- <rdf:li>not an item</rdf:li> -->
    <dc:subject>
      <rdf:Bag><!-- first --><rdf:li><![CDATA[R&D > rest]]></rdf:li><?note x?></rdf:Bag>
    </dc:subject>
    <dc:source a:b="1 > 0" xmlns:a="http://example.org/a/">/&gt;</dc:source>
  </rdf:Description><!-- last -->
</rdf:RDF>
"""

# Regions of an IPTC program, in the short form of Adobe's library.
IPTC_REGIONS = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <ext:ImageRegion>
    <rdf:Bag>
     <rdf:li>
      <rdf:Description ext:rId="crop-1">
       <ext:RegionBoundary ext:rbShape="rectangle" ext:rbUnit="relative" ext:rbX="0.25"
        ext:rbY="0.5" ext:rbW="0.5" ext:rbH="0.25"/>
       <ext:Name><rdf:Alt><rdf:li xml:lang="en">poster</rdf:li></rdf:Alt></ext:Name>
      </rdf:Description>
     </rdf:li>
    </rdf:Bag>
   </ext:ImageRegion>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

WINDOWS = b"\xef\xbb\xbf" + DIGIKAM.replace(b"\n", b"\r\n").replace(
    b'<?xpacket end="w"?>', (b" " * 99 + b"\r\n") * 20 + b'<?xpacket end="w"?>'
)

FOREIGN = {
    "darktable": DARKTABLE,
    "digiKam": DIGIKAM,
    "Lightroom": LIGHTROOM,
    "exiftool": SPLIT,
    "other prefixes": OTHER_PREFIXES,
    "swapped prefixes": SWAPPED_PREFIXES,
    "one line": ONE_LINE,
    "remarks": REMARKS,
    "IPTC regions": IPTC_REGIONS,
    "BOM, CRLF and padding": WINDOWS,
}
